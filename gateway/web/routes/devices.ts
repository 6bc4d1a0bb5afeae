import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import { admit } from '../admit.ts'
import type { WebContext } from '../context.ts'
import { afterSchema, defaultLimit, limitSchema, pageOf, readTopicLevel } from '../paging.ts'
import { notFound } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const paging = { type: 'object', additionalProperties: false, properties: { limit: limitSchema(1_000), after: afterSchema } } as const

const change = {
  type: 'object',
  additionalProperties: false,
  properties: {
    type: { type: ['string', 'null'], maxLength: 256 },
    labels: { type: 'object', maxProperties: 64, additionalProperties: { type: 'string', maxLength: 1_024 } },
    settings: { type: 'object', maxProperties: 256, additionalProperties: true },
  },
} as const

export function deviceRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['devices']
  const { devices } = context

  app.get<{ Querystring: XStatic<typeof paging> }>(
    '/devices',
    { config: { access: 'viewer' }, schema: { summary: 'Devices, in the order of ids', tags, querystring: paging, response: { 200: listOf('Device') } } },
    async ({ query: { limit = defaultLimit, after } }) => pageOf(devices.list({ limit: limit + 1, ...(after === undefined ? {} : { after }) }), limit, (last) => last.id),
  )

  app.get<{ Params: { device: string } }>(
    '/devices/:device',
    { config: { access: 'viewer' }, schema: { summary: 'One device with its last values', tags, response: { 200: ref('Device'), 404: ref('Problem') } } },
    async ({ params }) => devices.get(params.device) ?? Promise.reject(notFound(`there is no device ${params.device}`)),
  )

  app.put<{ Params: { device: string }; Body: XStatic<typeof change> }>(
    '/devices/:device',
    {
      config: { access: 'admin' },
      schema: { summary: 'Write type, labels or settings; what is not given stays', tags, body: change, response: { 200: ref('Device') } },
    },
    async ({ params, body, caller }) => {
      const id = readTopicLevel(params.device, 'device')
      const { type, labels, settings } = body
      const given = { ...(type === undefined ? {} : { type }), ...(labels === undefined ? {} : { labels }), ...(settings === undefined ? {} : { settings }) }
      const device = devices.put(id, given)
      // The registry tells of the change; this says who made it. In the same batch as the change: both are on disk when it resolves.
      await admit(context.accept, {
        kind: 'own-event',
        event: { type: 'limen.gateway.device-edited', subject: id, data: { device: id, ...given, by: caller!.principal.name } },
      })
      return device
    },
  )
}
