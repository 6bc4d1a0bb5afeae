import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { WebContext } from '../context.ts'
import { afterSchema, defaultLimit, limitSchema, pageOf } from '../paging.ts'
import { HttpProblem, notFound } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const paging = { type: 'object', additionalProperties: false, properties: { limit: limitSchema(1_000), after: afterSchema } } as const

export function ruleRoutes(app: FastifyInstance, { rules }: WebContext): void {
  const tags = ['rules']

  app.get<{ Querystring: XStatic<typeof paging> }>(
    '/rules',
    { config: { access: 'viewer' }, schema: { summary: 'Rules that run, in the order of ids', tags, querystring: paging, response: { 200: listOf('Rule') } } },
    async ({ query: { limit = defaultLimit, after = '' } }) => {
      const wanted = rules().filter((rule) => rule.id > after).sort((a, b) => (a.id < b.id ? -1 : 1))
      return pageOf(wanted.slice(0, limit + 1), limit, (last) => last.id)
    },
  )

  app.get<{ Params: { id: string } }>(
    '/rules/:id',
    { config: { access: 'viewer' }, schema: { summary: 'One rule', tags, response: { 200: ref('Rule'), 404: ref('Problem') } } },
    async ({ params }) => rules().find((rule) => rule.id === params.id) ?? Promise.reject(notFound(`there is no rule ${params.id}`)),
  )

  const later = async () => {
    throw new HttpProblem('NOT_IN_THIS_VERSION', 'rules are not changed over HTTP in this version; edit their files, they are read again when they change')
  }
  const absent = { 501: ref('Problem') }
  app.put('/rules/:id', { config: { access: 'admin', bodyOptional: true }, schema: { summary: 'Write a rule', tags, response: absent } }, later)
  app.delete('/rules/:id', { config: { access: 'admin' }, schema: { summary: 'Remove a rule', tags, response: absent } }, later)
  app.post('/rules/backtest', { config: { access: 'operator', bodyOptional: true }, schema: { summary: 'Try rules on what was recorded', tags, response: absent } }, async () => {
    throw new HttpProblem('NOT_IN_THIS_VERSION', 'backtests over HTTP are not in this version')
  })
}
