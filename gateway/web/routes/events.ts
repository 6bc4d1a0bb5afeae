import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { BackQuery, StoreReader } from '../../kernel/contracts.ts'
import type { Principal } from '../../kernel/principal.ts'
import { admit } from '../admit.ts'
import { jsonTypes } from '../body.ts'
import type { WebContext } from '../context.ts'
import type { EventFilter } from '../event-filter.ts'
import { createEventFilter } from '../event-filter.ts'
import type { Page } from '../paging.ts'
import { defaultLimit, limitSchema, positionSchema } from '../paging.ts'
import { readPostedEvent } from '../posted-event.ts'
import type { WrongMember } from '../problem.ts'
import { badRequest, HttpProblem } from '../problem.ts'
import { components, listOf, ref } from '../schemas.ts'
import { eventOf } from '../stream.ts'

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
    limit: limitSchema(5_000),
  },
} as const

const posted = {
  anyOf: [components.CloudEvent, { type: 'array', items: components.CloudEvent }],
  description: 'one CloudEvent, or a list of them; type limen.reading with data {device, metric, value, ts, seq} is a reading',
}

/** So many entries of the log (newest first: so many events) one request looks through at most; the cursor goes on where it stopped. */
const maxLookedAt = 20_000
const pageSize = 2_000
const backPageSize = 500
/** So many posted events are taken in one turn, so that what devices send is not kept waiting. */
const eventsPerTurn = 250

async function newestFirst(store: Pick<StoreReader, 'readBack'>, filter: EventFilter, { before, limit }: BackQuery): Promise<Page<unknown>> {
  const items: unknown[] = []
  let position = before
  for (let lookedAt = 0; lookedAt < maxLookedAt && position > 0; ) {
    const page = await store.readBack({ before: position, limit: backPageSize })
    for (const [index, entry] of page.entries.entries()) {
      if (entry.kind !== 'event' || !filter.matches(entry.event)) continue
      items.push({ ...entry.event, limenposition: entry.position })
      if (items.length === limit) return { items, next: page.next > 0 || index < page.entries.length - 1 ? String(entry.position) : null }
    }
    lookedAt += Math.max(1, page.entries.length)
    position = page.next
  }
  return { items, next: position > 0 ? String(position) : null }
}

export function eventRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['events']

  app.get<{ Querystring: XStatic<typeof query> }>(
    '/events',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Events of the log; a page may be short, or empty, and still have a next, which is written as `after`, with order=desc as `before`', tags, querystring: query, response: { 200: listOf('CloudEvent') } },
    },
    async ({ query: { order = 'asc', after, before, type, device, alarm, limit = defaultLimit } }) => {
      const filter = createEventFilter({ types: type, device, alarm })
      if (order === 'desc') {
        if (after !== undefined) throw badRequest([{ member: 'after', detail: 'goes with order=asc; newest first goes on with before' }])
        if (filter.readings) throw badRequest([{ member: 'type', detail: 'readings are not told newest first; GET /api/v1/readings?device=&metric=&from= tells them' }])
        return newestFirst(context.store, filter, { before: before ?? Infinity, limit })
      }
      if (before !== undefined) throw badRequest([{ member: 'before', detail: 'goes with order=desc; oldest first goes on with after' }])
      const items: unknown[] = []
      let position = Math.max(after ?? 0, context.store.firstPosition() - 1)
      for (let lookedAt = 0; lookedAt < maxLookedAt; ) {
        const page = await context.store.read({ after: position, limit: pageSize, kinds: filter.readings ? ['event', 'reading'] : ['event'] })
        if (page.next === position) return { items, next: null }
        for (const entry of page.entries) {
          const event = eventOf(entry, context.options.site)
          if (event === undefined || !filter.matches(event)) continue
          items.push({ ...event, limenposition: entry.position })
          if (items.length === limit) return { items, next: entry.position < context.store.lastPosition() ? String(entry.position) : null }
        }
        lookedAt += page.next - position
        position = page.next
      }
      return { items, next: position < context.store.lastPosition() ? String(position) : null }
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
        const first = errors[0]!
        const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
        throw new HttpProblem('BAD_INPUT', `${first.member === '' ? '' : `${first.member}: `}${first.detail}${others}`, { more: { accepted: events.length - errors.length, errors } })
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
