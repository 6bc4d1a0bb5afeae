import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { WebContext } from '../context.ts'
import { readTime, timeSchema } from '../paging.ts'
import { badRequest } from '../problem.ts'
import { ref } from '../schemas.ts'

const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    from: { ...timeSchema, description: 'ISO 8601, or ms since 1970; default 24 h before to' },
    to: { ...timeSchema, description: 'ISO 8601, or ms since 1970, not included; default now' },
    operators: { type: 'integer', minimum: 1, maximum: 1_000, description: 'how many share the alarms; default 1' },
  },
} as const

const dayMs = 86_400_000
const longestMs = 366 * dayMs

export function kpiRoutes(app: FastifyInstance, { kpis, clock }: WebContext): void {
  app.get<{ Querystring: XStatic<typeof query> }>(
    '/kpis',
    { config: { access: 'viewer' }, schema: { summary: 'How well the alarms perform (EEMUA 191, ISA-18.2), worked out of the journal', tags: ['alarms'], querystring: query, response: { 200: ref('Kpis'), 503: ref('Problem') } } },
    async ({ query: given }) => {
      const to = given.to === undefined ? clock.wall() : readTime(given.to, 'to')
      const from = readTime(given.from ?? to - dayMs, 'from')
      if (!(to > from)) throw badRequest([{ member: 'to', detail: 'must be later than from' }])
      if (to - from > longestMs) throw badRequest([{ member: 'from', detail: 'may be 366 days before to at most; ask for less' }])
      return kpis.report({ from, to, operators: given.operators ?? 1 })
    },
  )
}
