import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { FlowsAccess, WebContext } from '../context.ts'
import { HttpProblem, notFound } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const which = {
  type: 'object',
  additionalProperties: false,
  properties: { version: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[0-9TZ-]+$', description: 'an id of GET flows/versions; without one the newest' } },
} as const

/** Node-RED: how it does, the versions its deploys replaced, back to one of them. Its editor is in routes/editor.ts. */
export function flowsRoutes(app: FastifyInstance, { flows }: WebContext): void {
  const tags = ['flows']

  app.get('/flows', { config: { access: 'viewer' }, schema: { summary: 'How the Node-RED process does', tags, response: { 200: ref('Flows') } } }, async () =>
    flows === undefined
      ? { state: 'off', since: null, restarts: 0, lastError: null, memoryBytes: null, maxMemoryBytes: null, editor: null }
      : { ...flows.desk.status(), maxMemoryBytes: flows.maxMemoryBytes })

  app.get(
    '/flows/versions',
    { config: { access: 'viewer' }, schema: { summary: 'What the last deploys replaced, the newest first', tags, response: { 200: listOf('FlowsVersion'), 409: ref('Problem') } } },
    async () => ({ items: await on().desk.versions(), next: null }),
  )

  app.post<{ Body: XStatic<typeof which> | undefined }>(
    '/flows/rollback',
    {
      config: { access: 'admin', bodyOptional: true },
      schema: { summary: 'Bring a version back and start anew on it; what is there now is kept as a version', tags, body: which, response: { 200: ref('FlowsVersion'), 404: ref('Problem'), 409: ref('Problem') } },
    },
    async ({ body, caller }) => {
      const version = await on().desk.rollback(body?.version, caller!.principal.name)
      if (version === null) throw notFound(body?.version === undefined ? 'there is no version to go back to: nothing was deployed yet' : `there is no version ${body.version}; GET /api/v1/flows/versions lists them`)
      return version
    },
  )

  app.post(
    '/flows/restart',
    { config: { access: 'admin', bodyOptional: true }, schema: { summary: 'Start the process anew, out of safe mode, too', tags, response: { 202: ref('Flows'), 409: ref('Problem') } } },
    async ({ caller }, reply) => {
      const { desk, maxMemoryBytes } = on()
      await desk.restart(caller!.principal.name)
      return reply.code(202).send({ ...desk.status(), maxMemoryBytes })
    },
  )

  function on(): FlowsAccess {
    if (flows === undefined) throw new HttpProblem('CONFLICT', 'flows are off; write flows: { mode: child } into limen.yaml and start the gateway again')
    return flows
  }
}
