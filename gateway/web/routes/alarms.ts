import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { Alarm, OperatorAction, OperatorVerb } from '../../kernel/alarm.ts'
import { coreStates } from '../../kernel/alarm.ts'
import type { Role } from '../../kernel/principal.ts'
import { priorities } from '../../kernel/priority.ts'
import { placeOf } from '../../kernel/sorted.ts'
import { admit, fault } from '../admit.ts'
import type { WebContext } from '../context.ts'
import { createEvidence } from '../evidence.ts'
import { afterSchema, defaultLimit, limitSchema, pageOf, readDuration, readTime, readWords, timeSchema } from '../paging.ts'
import { badRequest, HttpProblem, notFound } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const filters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    active: { type: 'boolean', description: 'is the condition true now?' },
    state: { type: 'string', description: `one or more of ${coreStates.join(', ')}` },
    priority: { type: 'string', description: `one or more of ${priorities.join(', ')}` },
    device: { type: 'string' },
    rule: { type: 'string' },
    shadow: { type: 'boolean', description: 'true: also those of rules in shadow, of which nobody is told' },
    limit: limitSchema(1_000),
    after: afterSchema,
  },
} as const

const actionBody = {
  type: 'object',
  additionalProperties: false,
  properties: {
    by: { type: 'string', minLength: 1, maxLength: 256, pattern: '^\\P{C}+$', description: 'who, where nobody is logged in' },
    note: { type: 'string', maxLength: 4_096 },
    until: timeSchema,
    occurrence: { type: 'integer', minimum: 0, description: 'the one that was seen; an older one is refused' },
    oneShot: { type: 'boolean', description: 'the shelf ends when the alarm clears' },
  },
} as const

const evidenceQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    occurrence: { type: 'integer', minimum: 0, description: 'which; default the latest' },
    before: { type: 'string', description: 'readings from so long before it was raised; a duration, default 10min' },
    after: { type: 'string', description: 'readings to so long after its condition ended; a duration, default 10min' },
  },
} as const

/** Which role each takes. Putting out of service, and back, is a matter of commissioning. */
const verbs: Readonly<Record<OperatorVerb, { readonly role: Role; readonly summary: string }>> = {
  ack: { role: 'operator', summary: 'Acknowledge' },
  reset: { role: 'operator', summary: 'Reset a latched alarm' },
  shelve: { role: 'operator', summary: 'Shelve until a time' },
  unshelve: { role: 'operator', summary: 'End the shelf' },
  suppress: { role: 'operator', summary: 'Suppress' },
  unsuppress: { role: 'operator', summary: 'End the suppression' },
  'out-of-service': { role: 'admin', summary: 'Take out of service' },
  'return-to-service': { role: 'admin', summary: 'Return to service' },
  comment: { role: 'operator', summary: 'Write a comment' },
}

const longestSpanMs = 7 * 86_400_000

function readSpan(text: string, member: string): number {
  const ms = readDuration(text, member)
  if (ms > longestSpanMs) throw badRequest([{ member, detail: 'may be 7d at most' }])
  return ms
}

export function alarmRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['alarms']
  const evidence = createEvidence(context)

  app.get<{ Querystring: XStatic<typeof filters> }>(
    '/alarms',
    { config: { access: 'viewer' }, schema: { summary: 'Alarms, in the order of ids', tags, querystring: filters, response: { 200: listOf('Alarm') } } },
    async ({ query }) => {
      const { active, device, rule, shadow = false, after = '', limit = defaultLimit } = query
      const states = readWords(query.state, 'state', coreStates)
      const wanted = readWords(query.priority, 'priority', priorities)
      const items: Alarm[] = []
      const all = context.alarms.list()
      for (let i = after === '' ? 0 : placeOf(all, after); i < all.length && items.length <= limit; i++) {
        const alarm = all[i]!
        if (alarm.id === after || (alarm.shadow === true && !shadow)) continue
        if (active !== undefined && alarm.active !== active) continue
        if (states !== undefined && !states.has(alarm.state)) continue
        if (wanted !== undefined && !wanted.has(alarm.priority)) continue
        if (device !== undefined && alarm.device !== device) continue
        if (rule !== undefined && alarm.rule !== rule) continue
        items.push(alarm)
      }
      return pageOf(items, limit, (last) => last.id)
    },
  )

  app.get<{ Params: { id: string } }>(
    '/alarms/:id',
    { config: { access: 'viewer' }, schema: { summary: 'One alarm', tags, response: { 200: ref('Alarm'), 404: ref('Problem') } } },
    async ({ params }) => context.alarms.get(params.id) ?? Promise.reject(notFound(`there is no alarm ${params.id}`)),
  )

  app.get<{ Params: { id: string }; Querystring: XStatic<typeof evidenceQuery> }>(
    '/alarms/:id/evidence',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'All there is about one occurrence of an alarm: its rule as it was, the readings around it, what happened, who was told, what was commanded', tags,
        querystring: evidenceQuery, response: { 200: ref('Evidence'), 404: ref('Problem'), 503: ref('Problem') },
      },
    },
    async ({ params, query: { occurrence, before = '10min', after = '10min' } }) =>
      evidence({ id: params.id, occurrence, beforeMs: readSpan(before, 'before'), afterMs: readSpan(after, 'after') }),
  )

  app.get<{ Params: { id: string } }>(
    '/alarms/:id/deliveries',
    { config: { access: 'viewer' }, schema: { summary: 'What waits to tell of it; what became of the rest: GET events?alarm=', tags, response: { 200: listOf('WaitingDelivery') } } },
    async ({ params }) => ({ items: context.delivery.waiting(params.id), next: null }),
  )

  for (const [verb, { role, summary }] of Object.entries(verbs) as [OperatorVerb, { role: Role; summary: string }][]) {
    app.post<{ Params: { id: string }; Body: XStatic<typeof actionBody> | undefined }>(
      `/alarms/:id/${verb}`,
      {
        config: { access: role, bodyOptional: true },
        schema: { summary, tags, body: actionBody, response: { 200: ref('Alarm'), 404: ref('Problem'), 409: ref('Problem') } },
      },
      async (request) => act(context, actionOf(verb, request), request),
    )
  }
}

function actionOf(verb: OperatorVerb, request: FastifyRequest<{ Params: { id: string }; Body: XStatic<typeof actionBody> | undefined }>): OperatorAction {
  const { by, note, until, occurrence, oneShot } = request.body ?? {}
  const { via, principal } = request.caller!
  return {
    verb,
    id: request.params.id,
    // Who is logged in acts under their own name; where nobody is, one may say who one is.
    by: via === 'cookie' ? principal.name : (by ?? principal.name),
    ...(note === undefined ? {} : { note }),
    ...(until === undefined ? {} : { until: readTime(until, 'until') }),
    ...(occurrence === undefined ? {} : { occurrence }),
    ...(oneShot === undefined ? {} : { oneShot }),
  }
}

async function act(context: WebContext, action: OperatorAction, request: FastifyRequest): Promise<Alarm> {
  const receipt = await admit(context.accept, { kind: 'action', action, principal: request.caller!.principal })
  if (!('outcome' in receipt)) throw fault()
  const { outcome } = receipt
  if (outcome.ok) return outcome.alarm
  switch (outcome.code) {
    case 'NOT_FOUND':
    case 'FORBIDDEN':
      throw new HttpProblem(outcome.code, outcome.reason)
    case 'CONFLICT':
    case 'BAD_INPUT':
      // interface.md: a refused alarm action is 409, whatever it was refused for.
      throw new HttpProblem('CONFLICT', outcome.reason)
    default:
      return outcome.code satisfies never
  }
}
