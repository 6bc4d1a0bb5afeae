import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import { LimenError } from '../../kernel/errors.ts'
import { admit, fault } from '../admit.ts'
import type { WebContext } from '../context.ts'
import { afterSchema, defaultLimit, limitSchema, pageOf, readDuration, readTopicLevel } from '../paging.ts'
import { badRequest, notFound } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const paging = { type: 'object', additionalProperties: false, properties: { limit: limitSchema(1_000), after: afterSchema } } as const

const request = {
  type: 'object',
  additionalProperties: false,
  required: ['device', 'actuator', 'value'],
  properties: {
    device: { type: 'string', minLength: 1, maxLength: 1_024 },
    actuator: { type: 'string', minLength: 1, maxLength: 1_024 },
    value: { type: ['number', 'boolean', 'string', 'null'], maxLength: 4_096 },
    ttl: { type: 'string', description: 'a duration such as 30s; older than that it is never delivered' },
    ttlMs: { type: 'integer', minimum: 1, maximum: 86_400_000 },
    by: { type: 'string', minLength: 1, maxLength: 256, description: 'who, where nobody is logged in' },
  },
} as const

export function commandRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['commands']
  const { commands } = context

  app.post<{ Body: XStatic<typeof request> }>(
    '/commands',
    {
      config: { access: 'operator' },
      schema: { summary: 'Command an actuator; what became of it: GET commands/{id}', tags, body: request, response: { 202: ref('Command'), 503: ref('Problem') } },
    },
    async ({ body, caller }, reply) => {
      const { via, principal } = caller!
      if (body.ttl !== undefined && body.ttlMs !== undefined) throw badRequest([{ member: 'ttlMs', detail: 'says the same as ttl; write one of them' }])
      const ttlMs = body.ttl === undefined ? body.ttlMs : readDuration(body.ttl, 'ttl')
      const receipt = await admit(context.accept, {
        kind: 'command',
        principal,
        command: {
          device: readTopicLevel(body.device, 'device'),
          actuator: readTopicLevel(body.actuator, 'actuator'),
          value: body.value,
          by: via === 'cookie' ? principal.name : (body.by ?? principal.name),
          ...(ttlMs === undefined ? {} : { ttlMs }),
        },
      })
      if (!receipt.taken && receipt.refused !== undefined) throw new LimenError(receipt.refused, receipt.reason)
      if (!('commandId' in receipt)) throw fault()
      return reply.code(202).header('location', `/api/v1/commands/${encodeURIComponent(receipt.commandId)}`).send(commands.get(receipt.commandId) ?? { id: receipt.commandId })
    },
  )

  app.get<{ Querystring: XStatic<typeof paging> }>(
    '/commands',
    { config: { access: 'viewer' }, schema: { summary: 'Commands that are remembered', tags, querystring: paging, response: { 200: listOf('Command') } } },
    async ({ query: { limit = defaultLimit, after } }) => pageOf(commands.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) }), limit, (last) => last.id),
  )

  app.get<{ Params: { id: string } }>(
    '/commands/:id',
    { config: { access: 'viewer' }, schema: { summary: 'What became of a command', tags, response: { 200: ref('Command'), 404: ref('Problem') } } },
    async ({ params }) => commands.get(params.id) ?? Promise.reject(notFound(`there is no command ${params.id}, or it is no longer remembered`)),
  )
}
