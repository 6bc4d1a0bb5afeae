import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Principal } from '../kernel/principal.ts'
import { hasRole, sameText } from './access.ts'
import type { Caller } from './access.ts'
import type { RouteAccess, WebContext } from './context.ts'
import { HttpProblem } from './problem.ts'

/** Nothing from elsewhere, nothing inline, in no frame. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** Before every request: headers, origin, who it is, what they may. In that order, and before the body is read. */
export function guard(app: FastifyInstance, context: Pick<WebContext, 'access' | 'authenticator'>): void {
  app.decorateRequest('caller', undefined)

  app.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) throw new Error(`route ${String(route.method)} ${route.url} does not say who may call it`)
  })

  app.addHook('onRequest', async (request, reply) => {
    reply.headers(securityHeaders)
    const { access, basic, proof = 'token', loginPage = false } = request.routeOptions.config
    if (!context.access.allowOrigin(request.raw)) {
      throw new HttpProblem('FORBIDDEN', 'this request comes from a page of another origin')
    }
    request.caller = context.access.callerOf(request.raw) ?? (basic === true ? await basicCaller(request) : undefined)
    // No route: the answer is 404 for everybody.
    if (access === undefined || access === 'public') return
    if (request.caller === undefined && loginPage && asksForPage(request)) return toLogin(reply)
    refuseUnless(access, request.caller)
    if (request.caller?.via !== 'cookie' || !isWrite(request)) return
    if (proof === 'origin') {
      if (!context.access.fromOwnPage(request.raw)) throw new HttpProblem('FORBIDDEN', 'a write under a session needs the header Origin or Sec-Fetch-Site, which every browser sends')
    } else if (!sameText(String(request.headers['x-csrf-token'] ?? ''), request.caller.session.csrfToken)) {
      throw new HttpProblem('FORBIDDEN', 'a write under a session needs the header X-CSRF-Token; GET /api/v1/session tells it')
    }
  })

  /** One that can send no cookie. Slowed like any login. */
  async function basicCaller(request: FastifyRequest): Promise<Caller | undefined> {
    const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (encoded === undefined) return undefined
    const [, name, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
    if (name === undefined || password === undefined) return undefined
    const principal: Principal | null = await context.authenticator.user({ name, password, address: request.raw.socket.remoteAddress ?? '' })
    return principal === null ? undefined : { via: 'token', principal }
  }
}

function refuseUnless(access: Exclude<RouteAccess, 'public'>, caller: Caller | undefined): void {
  if (caller === undefined) {
    throw new HttpProblem('UNAUTHENTICATED', 'log in: POST /api/v1/login with name and password, or the page /login', { headers: { 'www-authenticate': 'Bearer realm="limen"' } })
  }
  if (!hasRole(caller.principal, access)) throw new HttpProblem('FORBIDDEN', `this needs the role ${access}`)
}

function asksForPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html')
}

async function toLogin(reply: FastifyReply): Promise<void> {
  await reply.redirect('/login', 303)
}

function isWrite({ method }: FastifyRequest): boolean {
  return method !== 'GET' && method !== 'HEAD'
}
