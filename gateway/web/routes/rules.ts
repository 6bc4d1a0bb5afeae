import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { EditOutcome, EditRefusal, RuleEdit, ShownRule, WrittenRule } from '../../kernel/rule-desk.ts'
import type { WebContext } from '../context.ts'
import { afterSchema, defaultLimit, limitSchema, pageOf } from '../paging.ts'
import { badRequest, HttpProblem, notFound, withoutFile, wrongRules } from '../problem.ts'
import { listOf, ref } from '../schemas.ts'

const paging = { type: 'object', additionalProperties: false, properties: { limit: limitSchema(1_000), after: afterSchema } } as const
/** Revisions hold whole texts. */
const versionPaging = { type: 'object', additionalProperties: false, properties: { limit: limitSchema(100), after: { type: 'integer', minimum: 0, description: 'the `next` of the page before' } } } as const

const editQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    ifRevision: { type: 'integer', minimum: 0, description: 'refused with 409 where another revision runs; 0: where any runs' },
    by: { type: 'string', minLength: 1, maxLength: 256, pattern: '^\\P{C}+$', description: 'who, where nobody is logged in' },
  },
} as const
const diffQuery = {
  type: 'object',
  additionalProperties: false,
  properties: { from: { type: 'integer', minimum: 0, description: 'a revision; default the one before `to`; 0: nothing' }, to: { type: 'integer', minimum: 1, description: 'a revision; default the newest' } },
} as const
const checkQuery = { type: 'object', additionalProperties: false, properties: { id: { type: 'string', minLength: 1, maxLength: 1_024, description: 'what stands for an id that is not written' } } } as const
const which = { type: 'object', additionalProperties: false, required: ['revision'], properties: { revision: { type: 'integer', minimum: 1, description: 'of GET rules/{id}/versions' } } } as const

const yamlTypes = ['application/yaml', 'text/yaml']
const written = { consumes: ['application/json', ...yamlTypes], body: { type: 'object', description: 'a rule as it is written in a file' } } as const

type RuleRequest<Q> = FastifyRequest<{ Params: { id: string }; Querystring: Q; Body: unknown }>

export function ruleRoutes(app: FastifyInstance, { rules }: WebContext): void {
  const tags = ['rules']
  const problems = { 400: ref('Problem'), 404: ref('Problem'), 409: ref('Problem') }

  app.get<{ Querystring: XStatic<typeof paging> }>(
    '/rules',
    { config: { access: 'viewer' }, schema: { summary: 'Rules that run, in the order of ids', tags, querystring: paging, response: { 200: listOf('Rule') } } },
    async ({ query: { limit = defaultLimit, after } }) => pageOf(rules.list({ after, limit: limit + 1 }), limit, (last) => last.id),
  )

  app.get<{ Params: { id: string } }>(
    '/rules/:id',
    { config: { access: 'viewer' }, schema: { summary: 'One rule', tags, response: { 200: ref('Rule'), 404: ref('Problem') } } },
    async ({ params }) => rules.get(params.id) ?? Promise.reject(notFound(`there is no rule ${params.id}`)),
  )

  // Only here: elsewhere a YAML body is refused as what it is.
  app.register(async (scope) => {
    scope.addContentTypeParser(yamlTypes, { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer))
      } catch {
        done(badRequest([{ member: '', detail: 'the body is not UTF-8; send it as UTF-8' }]))
      }
    })

    scope.put<{ Params: { id: string }; Querystring: XStatic<typeof editQuery>; Body: unknown }>(
      '/rules/:id',
      { config: { access: 'admin' }, schema: { summary: 'Write a rule; it runs from the next reading on', tags, querystring: editQuery, ...written, response: { 200: ref('Rule'), 201: ref('Rule'), ...problems } } },
      async (request, reply) => {
        const outcome = await rules.put(request.params.id, writtenIn(request.body), editOf(request))
        return reply.code(outcome.ok && outcome.created ? 201 : 200).send(ruleOf(outcome))
      },
    )

    scope.post<{ Querystring: XStatic<typeof checkQuery>; Body: unknown }>(
      '/rules/check',
      { config: { access: 'operator' }, schema: { summary: 'Is this rule right? Changes nothing', tags, querystring: checkQuery, ...written, response: { 200: ref('RuleCheck'), 400: ref('Problem') } } },
      async ({ body, query }) => {
        const { rule, text, problems: wrong } = await rules.check(writtenIn(body), query.id)
        return { ok: rule !== undefined, problems: wrong.map(withoutFile), rule: rule ?? null, text }
      },
    )
  })

  app.delete<{ Params: { id: string }; Querystring: XStatic<typeof editQuery> }>(
    '/rules/:id',
    { config: { access: 'admin' }, schema: { summary: 'Remove a rule; its versions stay', tags, querystring: editQuery, response: { 204: { type: 'null' }, ...problems } } },
    async (request, reply) => {
      const outcome = await rules.remove(request.params.id, editOf(request))
      if (!outcome.ok) throw refusalOf(outcome)
      return reply.code(204).send()
    },
  )

  app.get<{ Params: { id: string }; Querystring: XStatic<typeof versionPaging> }>(
    '/rules/:id/versions',
    { config: { access: 'viewer' }, schema: { summary: 'All that a rule ever said, the newest first; of removed ones too', tags, querystring: versionPaging, response: { 200: listOf('RuleVersion'), 404: ref('Problem') } } },
    async ({ params: { id }, query: { limit = 100, after = Infinity } }) => {
      const found = await rules.versions(id, { before: after, limit: limit + 1 })
      if (found.length === 0 && after === Infinity) throw notFound(`there is no rule ${id}, and never was`)
      return pageOf(found.map(({ revision, version, action, by, at, origin, text }) => ({ revision, version, action, by, at, origin, text })), limit, (last) => String(last.revision))
    },
  )

  app.get<{ Params: { id: string }; Querystring: XStatic<typeof diffQuery> }>(
    '/rules/:id/diff',
    { config: { access: 'viewer' }, schema: { summary: 'What one revision changed, or several: a unified diff', tags, querystring: diffQuery, response: { 200: ref('RuleDiff'), 404: ref('Problem') } } },
    async ({ params: { id }, query }) => (await rules.diff(id, query)) ?? Promise.reject(notFound(`rule ${id} has no such revisions; GET /api/v1/rules/${encodeURIComponent(id)}/versions lists them`)),
  )

  app.post<{ Params: { id: string }; Querystring: XStatic<typeof editQuery>; Body: XStatic<typeof which> }>(
    '/rules/:id/rollback',
    { config: { access: 'admin' }, schema: { summary: 'Go back to what a revision said; that is a new revision', tags, querystring: editQuery, body: which, response: { 200: ref('Rule'), 201: ref('Rule'), ...problems } } },
    async (request, reply) => {
      const outcome = await rules.rollback(request.params.id, request.body.revision, editOf(request))
      return reply.code(outcome.ok && outcome.created ? 201 : 200).send(ruleOf(outcome))
    },
  )
}

function writtenIn(body: unknown): WrittenRule {
  if (typeof body === 'string') return { yaml: body }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { json: body as Readonly<Record<string, unknown>> }
  throw badRequest([{ member: '', detail: `expected one rule, as JSON {"on":{"metric":"spo2"},"when":{"below":90}} or as YAML with content-type ${yamlTypes[0]}` }])
}

/** Who is logged in acts under their own name; where nobody is, one may say who one is. */
function editOf({ query: { ifRevision, by }, caller }: Pick<RuleRequest<XStatic<typeof editQuery>>, 'query' | 'caller'>): RuleEdit {
  const { via, principal } = caller!
  return { by: via === 'cookie' ? principal.name : (by ?? principal.name), ifRevision }
}

function ruleOf(outcome: EditOutcome): ShownRule {
  if (outcome.ok) return outcome.rule
  throw outcome.code === 'BAD_INPUT' ? wrongRules(outcome.reason, outcome.checked) : refusalOf(outcome)
}

function refusalOf({ code, reason }: EditRefusal): HttpProblem {
  return new HttpProblem(code, reason)
}
