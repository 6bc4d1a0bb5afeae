import type { FastifyInstance } from 'fastify'
import { andMore, formatProblem } from '../../kernel/problem.ts'
import type { WebContext } from '../context.ts'
import { readTime, timeSchema } from '../paging.ts'
import { badRequest, wrongRules } from '../problem.ts'
import { ref } from '../schemas.ts'

const body = {
  type: 'object',
  additionalProperties: false,
  required: ['rules'],
  properties: {
    rules: { type: ['string', 'array'], description: 'the text of a file of rules (YAML), or a list of rules; one that is off is tried all the same' },
    from: { ...timeSchema, description: 'ISO 8601, or ms since 1970; default 24 h before to' },
    to: { ...timeSchema, description: 'ISO 8601, or ms since 1970, not included; default now' },
  },
} as const

interface Body { readonly rules: string | readonly unknown[]; readonly from?: string | number; readonly to?: string | number }

const dayMs = 86_400_000
/** A file of rules. */
const bodyBytes = 1024 * 1024

export function backtestRoutes(app: FastifyInstance, { backtests, clock }: WebContext): void {
  app.addHook('preClose', () => backtests.stop())

  app.post<{ Body: Body }>(
    '/rules/backtest',
    {
      bodyLimit: bodyBytes,
      config: { access: 'operator' },
      schema: { summary: 'Try rules on what was recorded: what they would have raised. Changes nothing, tells nobody', tags: ['rules'], body, response: { 200: ref('Trial'), 400: ref('Problem'), 503: ref('Problem') } },
    },
    async (request, reply) => {
      const { rules, from: given, to: end } = request.body
      const to = end === undefined ? clock.wall() : readTime(end, 'to')
      const from = readTime(given ?? to - dayMs, 'from')
      if (!(to > from)) throw badRequest([{ member: 'to', detail: 'must be later than from' }])
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const outcome = await backtests.try({ rules, from, to }, gone.signal)
      if (!outcome.ok) throw wrongRules(andMore(formatProblem(outcome.problems[0]!), outcome.problems.length), outcome)
      return reply.type('application/json; charset=utf-8').send(Buffer.from(outcome.json.buffer, outcome.json.byteOffset, outcome.json.byteLength))
    },
  )
}
