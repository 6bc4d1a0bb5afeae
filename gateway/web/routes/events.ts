import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { Principal } from '../../kernel/principal.ts'
import { admit } from '../admit.ts'
import { jsonTypes } from '../body.ts'
import type { WebContext } from '../context.ts'
import { createEventFilter } from '../event-filter.ts'
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
    after: positionSchema,
    type: { type: 'string', maxLength: 4_096, description: 'types of events, or their beginnings with *, commas between' },
    device: { type: 'string', maxLength: 1_024 },
    limit: limitSchema(5_000),
  },
} as const

const posted = {
  anyOf: [components.CloudEvent, { type: 'array', items: components.CloudEvent }],
  description: 'one CloudEvent, or a list of them; type limen.reading with data {device, metric, value, ts, seq} is a reading',
}

/** So many entries of the log one request looks through at most; the cursor goes on where it stopped. */
const maxLookedAt = 20_000
const pageSize = 2_000
/** So many posted events are taken in one turn, so that what devices send is not kept waiting. */
const eventsPerTurn = 250

export function eventRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['events']

  app.get<{ Querystring: XStatic<typeof query> }>(
    '/events',
    {
      config: { access: 'viewer' },
      schema: { summary: 'Events of the log, oldest first; a page may be short, or empty, and still have a next', tags, querystring: query, response: { 200: listOf('CloudEvent') } },
    },
    async ({ query: { after = 0, type, device, limit = defaultLimit } }) => {
      const filter = createEventFilter({ types: type, device })
      const items: unknown[] = []
      let position = Math.max(after, context.store.firstPosition() - 1)
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
