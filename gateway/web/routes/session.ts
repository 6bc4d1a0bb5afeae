import type { FastifyInstance } from 'fastify'
import type { XStatic } from 'typebox/schema'
import type { Caller } from '../access.ts'
import type { WebContext } from '../context.ts'
import { logIn, logOut } from '../login.ts'
import { ref } from '../schemas.ts'

const credentials = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'password'],
  properties: { name: { type: 'string', minLength: 1, maxLength: 256 }, password: { type: 'string', minLength: 1, maxLength: 1_024 } },
} as const

export function sessionRoutes(app: FastifyInstance, context: WebContext): void {
  const tags = ['session']

  app.post<{ Body: XStatic<typeof credentials> }>(
    '/login',
    {
      bodyLimit: 8_192,
      config: { access: 'public' },
      schema: { summary: 'Log in; the session is in a cookie, csrfToken goes with every write as X-CSRF-Token', tags, body: credentials, response: { 200: ref('Session'), 401: ref('Problem'), 429: ref('Problem') } },
    },
    async (request, reply) => {
      const session = await logIn(context, { request, reply }, request.body)
      return shown({ via: 'cookie', principal: session.principal, session, sessionId: '' })
    },
  )

  app.post('/logout', { config: { access: 'public', bodyOptional: true }, schema: { summary: 'End the session', tags, response: { 204: { type: 'null' } } } }, async (request, reply) => {
    logOut(context, { request, reply })
    return reply.code(204).send()
  })

  app.get('/session', { config: { access: 'viewer' }, schema: { summary: 'Who one is', tags, response: { 200: ref('Session') } } }, async ({ caller }) => shown(caller!))

  function shown(caller: Caller) {
    const { principal, via } = caller
    const session = caller.via === 'cookie' ? caller.session : undefined
    const leftMs = session === undefined ? undefined : session.endsAtMs - context.clock.monotonic()
    return {
      name: principal.name,
      role: principal.kind === 'device' ? null : principal.role,
      via,
      csrfToken: session?.csrfToken ?? null,
      endsAt: leftMs === undefined ? null : new Date(context.clock.wall() + leftMs).toISOString(),
    }
  }
}
