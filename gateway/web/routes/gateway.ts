import type { FastifyInstance } from 'fastify'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import { ref } from '../schemas.ts'

/** A state that takes longer to hash holds everything up: no more than this part of the time goes into it, whoever asks. */
const quickMs = 100
const hashShare = 0.02

/** The gateway itself, and the description of this API. */
export function gatewayRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['gateway']
  let document: Promise<string> | undefined
  let hashedAgainAt = -Infinity

  app.get(
    '/gateway',
    { config: { access: 'viewer' }, schema: { summary: 'Site, version, the clock of the gateway, health, disk', tags, response: { 200: ref('Gateway') } } },
    async () => ({
      ...(await context.siteInfo()),
      site: context.options.site,
      now: new Date(context.clock.wall()).toISOString(),
      log: { first: context.store.firstPosition(), last: context.store.lastPosition() },
      health: context.health(),
    }),
  )

  app.get(
    '/state',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'Hash of the state of rules and alarms: what `limen backtest --config` over the log of this gateway must give, too', tags,
        response: { 200: { type: 'object', properties: { stateHash: { type: 'string' }, late: { type: 'integer', description: 'readings that came too late to be evaluated' }, position: { type: 'integer', description: 'of the log, as far as it is on disk' } } }, 503: ref('Problem') },
      },
    },
    async () => {
      const now = context.clock.monotonic()
      if (now < hashedAgainAt) {
        const waitS = Math.ceil((hashedAgainAt - now) / 1_000)
        throw new HttpProblem('OVERLOADED', `the state is large, and readings wait while it is hashed; ask again in ${waitS} s`, { headers: { 'retry-after': String(waitS) } })
      }
      const state = context.state()
      const tookMs = context.clock.monotonic() - now
      if (tookMs > quickMs) hashedAgainAt = now + tookMs / hashShare
      return { ...state, position: context.store.lastPosition() }
    },
  )

  app.get('/openapi.json', { config: { access: 'viewer' }, schema: { summary: 'This API as OpenAPI 3.1', tags, response: { 200: { type: 'object' }, 500: ref('Problem') } } }, async (_request, reply) => {
    document ??= import('../openapi.ts').then(({ openApiOf }) => JSON.stringify(openApiOf(context.routes())))
    return reply.type('application/json; charset=utf-8').send(await document)
  })
}
