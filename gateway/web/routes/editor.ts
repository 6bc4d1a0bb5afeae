import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { hasRole } from '../access.ts'
import type { WebContext } from '../context.ts'
import { securityHeaders } from '../guard.ts'
import { HttpProblem } from '../problem.ts'
import type { UpgradeDoor } from '../upgrades.ts'
import { refuseUpgrade } from '../upgrades.ts'

const root = '/flows'
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Who asks, for the process behind it; what a browser sends under this name does not get through. */
const userHeader = 'x-limen-user'

const { 'cache-control': _, ...kept } = securityHeaders

/** Node-RED's editor builds styles and code at run time and has workers and fonts in itself. From elsewhere it still loads nothing. */
const editorHeaders: Readonly<Record<string, string>> = {
  ...kept,
  'content-security-policy':
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' data: blob:; frame-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'self'",
  'x-frame-options': 'SAMEORIGIN',
}

/**
 * Node-RED's editor: remote code execution for whoever reaches it, so for admins alone. A scope of its own, since bodies are
 * passed on unread, its pages need another policy, and its writes prove themselves by their origin.
 */
export async function editorRoutes(app: FastifyInstance, { flows, access }: WebContext): Promise<void> {
  const schema = { tags: ['pages'] }
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _body, done) => done(null))

  if (flows === undefined) {
    const off = async (): Promise<never> => {
      throw new HttpProblem('NOT_FOUND', 'flows are off; write flows: { mode: child } into limen.yaml and start the gateway again')
    }
    for (const url of [root, `${root}/*`]) app.route({ method: methods, url, config: { access: 'public' }, schema, handler: off })
    return
  }

  const { proxy } = flows
  for (const url of [root, `${root}/*`]) {
    app.route({
      method: methods,
      url,
      config: { access: 'admin', proof: 'origin', loginPage: true },
      schema,
      onRequest: async ({ raw }: FastifyRequest) => {
        if (embeddedElsewhere(raw)) throw new HttpProblem('FORBIDDEN', 'this request comes from a page of another origin')
      },
      async handler({ raw, caller }, reply) {
        if (raw.url!.split('?', 1)[0] === root) return reply.redirect(`${root}/`, 302)
        raw.headers[userHeader] = encodeURIComponent(caller!.principal.name)
        for (const [name, value] of Object.entries(editorHeaders)) reply.raw.setHeader(name, value)
        reply.hijack()
        proxy.request(raw, reply.raw)
        return reply
      },
    })
  }

  /** What a flow answers to a GET may do something: another site's page may link to it, but not fetch it in passing. */
  function embeddedElsewhere(request: IncomingMessage): boolean {
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
    return mode !== 'navigate' && site !== undefined && site !== 'none' && !access.fromOwnPage(request)
  }
}

/** How long a WebSocket outlives the login it was opened with. */
const recheckMs = 2_000

/** WebSockets of the editor; none where flows are off. */
export function editorDoors({ flows, access, clock }: WebContext): readonly UpgradeDoor[] {
  if (flows === undefined) return []
  const { proxy } = flows

  function isAdmin(request: IncomingMessage): boolean {
    const caller = access.callerOf(request, { touch: false })
    return caller !== undefined && hasRole(caller.principal, 'admin')
  }

  function take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const caller = access.callerOf(request)
    const sameOrigin = caller?.via === 'cookie' ? access.fromOwnPage(request) : access.allowOrigin(request)
    if (!sameOrigin) return refuseUpgrade(request, socket, new HttpProblem('FORBIDDEN', 'this request comes from a page of another origin'))
    if (caller === undefined) return refuseUpgrade(request, socket, new HttpProblem('UNAUTHENTICATED', 'log in first'))
    if (!hasRole(caller.principal, 'admin')) return refuseUpgrade(request, socket, new HttpProblem('FORBIDDEN', 'this needs the role admin'))
    request.headers[userHeader] = encodeURIComponent(caller.principal.name)
    let cancel = clock.after(recheckMs, recheck)
    function recheck(): void {
      if (isAdmin(request)) cancel = clock.after(recheckMs, recheck)
      else socket.destroy()
    }
    socket.once('close', () => cancel())
    proxy.upgrade(request, socket, head)
  }

  return [{ path: `${root}/`, take }]
}
