import type { FastifyInstance } from 'fastify'
import type { WebContext } from '../context.ts'
import { ref } from '../schemas.ts'

/** The gateway itself, and the description of this API. */
export function gatewayRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['gateway']
  let document: Promise<string> | undefined

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
    { config: { access: 'viewer' }, schema: { summary: 'Hash of the state of rules and alarms: what `limen backtest --config` over the log of this gateway must give, too', tags, response: { 200: { type: 'object', properties: { stateHash: { type: 'string' }, late: { type: 'integer' }, position: { type: 'integer' } } } } } },
    async () => ({ ...context.state(), position: context.store.lastPosition() }),
  )

  app.get('/openapi.json', { config: { access: 'viewer' }, schema: { summary: 'This API as OpenAPI 3.1', tags, response: { 200: { type: 'object' }, 500: ref('Problem') } } }, async (_request, reply) => {
    document ??= import('../openapi.ts').then(({ openApiOf }) => JSON.stringify(openApiOf(context.routes())))
    return reply.type('application/json; charset=utf-8').send(await document)
  })
}
