import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import { priorities } from '../../kernel/priority.ts'
import type { Principal } from '../../kernel/principal.ts'
import { admit } from '../admit.ts'
import { jsonTypes } from '../body.ts'
import type { WebContext } from '../context.ts'
import { createEventCsv, csvType } from '../event-csv.ts'
import type { EventFilter } from '../event-filter.ts'
import { createEventFilter } from '../event-filter.ts'
import { createEventPages } from '../event-pages.ts'
import { defaultLimit, limitSchema, positionSchema, readTime, readWords, timeSchema } from '../paging.ts'
import { readPostedEvent } from '../posted-event.ts'
import type { WrongMember } from '../problem.ts'
import { badRequest, detailOf, HttpProblem } from '../problem.ts'
import { components, listOf, ref } from '../schemas.ts'

const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    order: { enum: ['asc', 'desc'], description: 'oldest or newest first; default asc' },
    after: positionSchema,
    before: { type: 'integer', minimum: 0, description: 'with order=desc: a position in the log; what comes before it is shown' },
    type: { type: 'string', maxLength: 4_096, description: 'types of events, or their beginnings with *, commas between' },
    device: { type: 'string', maxLength: 1_024 },
    alarm: { type: 'string', minLength: 1, maxLength: 1_024, description: 'what happened to this alarm, by its id: its own events, deliveries that tell of it, commands it caused' },
    rule: { type: 'string', minLength: 1, maxLength: 4_096, description: 'of alarms of these rules: names, or their beginnings with *, commas between' },
    priority: { type: 'string', description: `of alarms of one or more of ${priorities.join(', ')}` },
    by: { type: 'string', minLength: 1, maxLength: 256, description: 'done by this person' },
    q: { type: 'string', maxLength: 256, description: 'words that all stand in message, key, note or reason' },
    from: timeSchema,
    to: timeSchema,
    format: { enum: ['json', 'csv'], description: 'csv: the alarm journal as `limen export --alarms` writes it, without `limit` all of it; also by Accept: text/csv' },
    limit: limitSchema(5_000),
  },
} as const

const posted = {
  anyOf: [components.CloudEvent, { type: 'array', items: components.CloudEvent }],
  description: 'one CloudEvent, or a list of them; type limen.reading with data {device, metric, value, ts, seq} is a reading',
}

/** So many posted events are taken in one turn, so that what devices send is not kept waiting. */
const eventsPerTurn = 250

type Asked = XStatic<typeof query>

function filterOf({ type, device, alarm, rule, priority, by, q, from, to }: Asked, wantsCsv: boolean): EventFilter {
  const alarmsOnly = type?.split(',').every((name) => name.trim().startsWith('limen.alarm.')) ?? false
  if (wantsCsv && type !== undefined && !alarmsOnly) throw badRequest([{ member: 'type', detail: 'as CSV there is the alarm journal only; write limen.alarm.* or leave it out' }])
  const range = { from: from === undefined ? undefined : readTime(from, 'from'), to: to === undefined ? undefined : readTime(to, 'to') }
  if (range.from !== undefined && range.to !== undefined && range.to <= range.from) throw badRequest([{ member: 'to', detail: 'must be later than from' }])
  return createEventFilter({
    ...range, types: wantsCsv ? (type ?? 'limen.alarm.*') : type, device, alarm, rule, priorities: readWords(priority, 'priority', priorities), by, words: q,
  })
}

export function eventRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['events']
  const pages = createEventPages({ store: context.store, site: context.options.site })
  const csv = createEventCsv({ pages, clock: context.clock })

  app.get<{ Querystring: Asked }>(
    '/events',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Events of the log; a page may be short, or empty, and still have a next, which is written as `after`, with order=desc as `before`', tags, querystring: query, produces: ['application/json', 'text/csv'], response: { 200: listOf('CloudEvent'), 503: ref('Problem') } },
    },
    async (request, reply) => {
      const { order = 'asc', after, before, format, limit } = request.query
      const wantsCsv = (format ?? ((request.headers.accept ?? '').includes('text/csv') ? 'csv' : 'json')) === 'csv'
      const filter = filterOf(request.query, wantsCsv)
      if (order === 'desc') {
        if (after !== undefined) throw badRequest([{ member: 'after', detail: 'goes with order=asc; newest first goes on with before' }])
        if (filter.readings) throw badRequest([{ member: 'type', detail: 'readings are not told newest first; GET /api/v1/readings?device=&metric=&from= tells them' }])
      } else if (before !== undefined) throw badRequest([{ member: 'before', detail: 'goes with order=desc; oldest first goes on with after' }])
      if (wantsCsv) {
        const stream = csv.stream(filter, { order, from: order === 'asc' ? (after ?? 0) : (before ?? Infinity), limit: limit ?? Infinity })
        return reply.type(csvType).header('content-disposition', 'attachment; filename="alarms.csv"').send(stream)
      }
      return order === 'desc' ? pages.newestFirst(filter, { before: before ?? Infinity, limit: limit ?? defaultLimit }) : pages.oldestFirst(filter, { after: after ?? 0, limit: limit ?? defaultLimit })
    },
  )

  app.post(
    '/events',
    {
      bodyLimit: context.options.maxEventBodyBytes ?? 1_048_576,
      config: { access: 'operator', bodyOptional: true },
      schema: {
        summary: 'Post CloudEvents; answered when they are on disk', tags, body: posted, consumes: jsonTypes,
        response: { 204: { type: 'null' }, 400: { ...ref('Problem'), description: 'errors names each that was not taken, by index and member; `accepted` says how many were' }, 503: ref('Problem') },
      },
    },
    async (request, reply) => {
      const { body } = request
      const batch = Array.isArray(body)
      if (request.headers['content-type']?.startsWith('application/cloudevents-batch') === true && !batch) throw badRequest([{ member: '', detail: 'expected a list of CloudEvents' }])
      const events: readonly unknown[] = batch ? body : [body]
      if (events.length > maxBatch) throw badRequest([{ member: '', detail: `expected at most ${maxBatch} events at once, found ${events.length}` }])
      const errors = await takeAll(context, events, { principal: request.caller!.principal, batch })
      if (errors.length > 0) {
        throw new HttpProblem('BAD_INPUT', detailOf(errors), { more: { accepted: events.length - errors.length, errors } })
      }
      return reply.code(204).send()
    },
  )
}

const maxBatch = 10_000

/** Takes what is right, in order, and gives what is not, when all is on disk. Rejects if it could not be stored. */
async function takeAll(context: WebContext, events: readonly unknown[], { principal, batch }: { principal: Principal; batch: boolean }): Promise<readonly WrongMember[]> {
  const nowIso = new Date(context.clock.wall()).toISOString()
  const taken: Promise<WrongMember | undefined>[] = []
  for (const [index, value] of events.entries()) {
    if (index % eventsPerTurn === eventsPerTurn - 1) await nextTurn()
    const read = readPostedEvent(value, nowIso)
    if ('wrong' in read) {
      taken.push(Promise.resolve(at(index, read.wrong, batch)))
      continue
    }
    taken.push(
      admit(context.accept, { kind: 'event', event: read.event, principal }).then((receipt) =>
        receipt.taken ? undefined : at(index, { member: 'data', detail: receipt.reason, id: read.event.id }, batch),
      ),
    )
  }
  const settled = await Promise.allSettled(taken)
  for (const one of settled) if (one.status === 'rejected') throw one.reason
  return settled.flatMap((one) => (one.status === 'fulfilled' && one.value !== undefined ? [one.value] : []))
}

function at(index: number, wrong: WrongMember, batch: boolean): WrongMember {
  return batch ? { ...wrong, index, member: `[${index}]${wrong.member === '' ? '' : `.${wrong.member}`}` } : wrong
}
