import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { StoredReading } from '../../kernel/reading.ts'
import type { WebContext } from '../context.ts'
import { defaultLimit, limitSchema, pageOf, positionSchema, readDuration, readTime, timeSchema } from '../paging.ts'
import { badRequest } from '../problem.ts'
import type { components } from '../schemas.ts'
import { ref } from '../schemas.ts'
import { createSteps, stepFunctions } from '../steps.ts'

const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    device: { type: 'string' },
    metric: { type: 'string' },
    from: timeSchema,
    to: timeSchema,
    limit: limitSchema(5_000),
    order: { enum: ['asc', 'desc'], description: 'by position in the log: oldest or newest first; default asc' },
    after: positionSchema,
    before: { type: 'integer', minimum: 0, description: 'with order=desc: a position in the log; what comes before it is shown' },
    step: { type: 'string', description: 'a duration such as 1min: one value for each such stretch of time, aligned to 1970' },
    fn: { enum: stepFunctions, description: 'what a stretch is told by; default avg' },
  },
} as const

const listSchema = {
  type: 'object',
  required: ['items', 'next'],
  properties: { items: { type: 'array', items: { anyOf: [ref('Reading'), ref('Step')] } }, next: { type: ['string', 'null'] } },
}

export function readingRoutes(app: FastifyInstance, { store, clock }: WebContext): void {
  const steps = createSteps({}, { store })

  app.get<{ Querystring: XStatic<typeof query> }>(
    '/readings',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Readings in the order of the log (`next` is written as `after`; with order=desc as `before`), or one value for each step of time', tags: ['readings'], querystring: query, response: { 200: listSchema, 503: ref('Problem') } },
    },
    async ({ query: { device, metric, from, to, limit = defaultLimit, order, after, before, step, fn } }) => {
      const range = { ...(from === undefined ? {} : { from: readTime(from, 'from') }), ...(to === undefined ? {} : { to: readTime(to, 'to') }) }
      if (step === undefined) {
        if (fn !== undefined) throw badRequest([{ member: 'fn', detail: 'goes with step; add e.g. step=1min' }])
        if (order === 'desc' && after !== undefined) throw badRequest([{ member: 'after', detail: 'goes with order=asc; newest first goes on with before' }])
        if (order !== 'desc' && before !== undefined) throw badRequest([{ member: 'before', detail: 'goes with order=desc; oldest first goes on with after' }])
        const selection = { ...(device === undefined ? {} : { device }), ...(metric === undefined ? {} : { metric }), ...range }
        const found = await store.readings({ ...selection, ...(after === undefined ? {} : { after }), ...(before === undefined ? {} : { before }), ...(order === undefined ? {} : { order }), limit: limit + 1 })
        return pageOf(found.map(shown), limit, (last) => String(last.position))
      }
      if (order !== undefined || before !== undefined) throw badRequest([{ member: order === undefined ? 'before' : 'order', detail: 'is for readings themselves; steps come in the order of time' }])
      if (device === undefined || metric === undefined || range.from === undefined) {
        const missing = Object.entries({ device, metric, from: range.from }).filter(([, value]) => value === undefined)
        throw badRequest(missing.map(([member]) => ({ member, detail: 'is missing; step is for one series from a time on' })))
      }
      const stepMs = readDuration(step, 'step')
      const items = await steps.read({ device, metric, from: range.from, to: range.to ?? clock.wall(), stepMs, fn: fn ?? 'avg' })
      return { items, next: null }
    },
  )
}

type Shown = Readonly<Record<keyof (typeof components)['Reading']['properties'], unknown>>

function shown({ position, device, metric, ts, value, unit, quality, seq, receivedAt, labels }: StoredReading): Shown {
  return { position, device, metric, ts, value, unit: unit ?? null, quality, seq: seq ?? null, receivedAt, labels }
}
