import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { WebContext } from '../context.ts'
import { afterSchema, defaultLimit, limitSchema, pageOf } from '../paging.ts'
import { notFound } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const paging = { type: 'object', additionalProperties: false, properties: { limit: limitSchema(1_000), after: afterSchema } } as const

const reason = {
  type: 'object',
  additionalProperties: false,
  properties: { why: { type: 'string', minLength: 1, maxLength: 1_024, description: 'the reason it is given up for, which is recorded; in the query or in the body' } },
} as const

/** Dead letters and the books. */
export function deliveryRoutes(app: FastifyInstance, { delivery }: WebContext): void {
  const tags = ['delivery']

  app.get<{ Querystring: XStatic<typeof paging> }>(
    '/dead-letters',
    { config: { access: 'viewer' }, schema: { summary: 'What could not be delivered', tags, querystring: paging, response: { 200: listOf('DeadLetter') } } },
    async ({ query: { limit = defaultLimit, after } }) => pageOf(await delivery.deadLetters({ limit: limit + 1, ...(after === undefined ? {} : { after }) }), limit, (last) => last.id),
  )

  app.post<{ Params: { id: string } }>(
    '/dead-letters/:id/redrive',
    { config: { access: 'admin', bodyOptional: true }, schema: { summary: 'Send it again, to the failed target only', tags, response: { 202: { type: 'object', properties: { id: { type: 'string' } } }, 404: ref('Problem'), 503: ref('Problem') } } },
    async ({ params, caller }, reply) => {
      if (!(await delivery.redrive(params.id, caller!.principal.name))) throw notFound(`there is no dead letter ${params.id}`)
      return reply.code(202).send({ id: params.id })
    },
  )

  app.delete<{ Params: { id: string }; Querystring: XStatic<typeof reason>; Body: XStatic<typeof reason> | undefined }>(
    '/dead-letters/:id',
    { config: { access: 'admin', bodyOptional: true }, schema: { summary: 'Give it up', tags, querystring: reason, body: reason, response: { 204: { type: 'null' }, 404: ref('Problem'), 503: ref('Problem') } } },
    async ({ params, query, body, caller }, reply) => {
      if (!(await delivery.discard(params.id, caller!.principal.name, query.why ?? body?.why ?? 'no reason given'))) throw notFound(`there is no dead letter ${params.id}`)
      return reply.code(204).send()
    },
  )

  app.get('/ledger', { config: { access: 'viewer' }, schema: { summary: 'The books: received = delivered + queued + deadLettered + dropped, per target', tags, response: { 200: ref('Ledger') } } }, async () => ({
    targets: delivery.ledger(),
  }))
}
