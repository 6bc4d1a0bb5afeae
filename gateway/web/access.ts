import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { isLoopbackAddress, isLoopbackHost } from '../kernel/loopback.ts'
import type { Principal, Role, RunCredential } from '../kernel/principal.ts'
import type { Session, Sessions } from './sessions.ts'

export const cookieName = 'limen-session'

/** Who asks, and by which way we know. */
export type Caller =
  | { readonly via: 'loopback' | 'token'; readonly principal: Principal }
  | { readonly via: 'cookie'; readonly principal: Principal; readonly session: Session; readonly sessionId: string }

export interface Access {
  /** Undefined: nobody we know. `touch: false` where nobody need be there (a stream that is held open). */
  readonly callerOf: (request: IncomingMessage, options?: { touch?: boolean }) => Caller | undefined
  /** May the page this request comes from speak to us? Requests that come from no page (curl, devices) may. */
  readonly allowOrigin: (request: IncomingMessage) => boolean
  /** Does its browser say that this request comes from a page of ours? One that says nothing is no proof. */
  readonly fromOwnPage: (request: IncomingMessage) => boolean
}

export interface AccessOptions {
  /** Where we listen; nobody is trusted off loopback. */
  readonly host: string
  /** `auth.loopback: trusted` */
  readonly loopbackTrusted: boolean
  /** Bearer tokens of this run: the command line's, the flows'. An empty token is none. */
  readonly tokens: readonly RunCredential[]
}

const trusted: Principal = Object.freeze({ kind: 'trusted', name: 'loopback', role: 'admin' })

export function createAccess(options: AccessOptions, deps: { sessions: Sessions; parseCookie: (header: string) => Readonly<Record<string, string | undefined>> }): Access {
  const mayTrust = options.loopbackTrusted && isLoopbackHost(options.host)

  function callerOf(request: IncomingMessage, { touch = true }: { touch?: boolean } = {}): Caller | undefined {
    const { authorization, cookie } = request.headers
    if (authorization !== undefined) {
      const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1]
      const known = token === undefined ? undefined : options.tokens.find((one) => one.token !== '' && sameText(token, one.token))
      return known === undefined ? undefined : { via: 'token', principal: known.principal }
    }
    const sessionId = cookie === undefined ? undefined : deps.parseCookie(cookie)[cookieName]
    const session = sessionId === undefined ? undefined : deps.sessions.find(sessionId, { touch })
    if (session !== undefined) return { via: 'cookie', principal: session.principal, session, sessionId: sessionId! }
    return mayTrust && comesFromHere(request) ? { via: 'loopback', principal: trusted } : undefined
  }

  return { callerOf, allowOrigin, fromOwnPage }
}

/**
 * From this machine, and asked for by a loopback name: a page whose name was rebound to 127.0.0.1 sends its own name as Host,
 * and what a proxy on this machine forwards for others says so.
 */
function comesFromHere(request: IncomingMessage): boolean {
  const { headers } = request
  if (headers['forwarded'] !== undefined || headers['x-forwarded-for'] !== undefined || headers['x-real-ip'] !== undefined) return false
  return isLoopbackAddress(request.socket.remoteAddress) && isLoopbackHost(hostNameOf(headers.host))
}

/**
 * Browsers send Origin with every write and every WebSocket; it must be ours. Scheme is left out of the comparison:
 * a proxy in front may add TLS. Where it is missing, Sec-Fetch-Site tells a page elsewhere from no page at all.
 */
function allowOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none' || isRead(request)
  if (host === undefined) return false
  try {
    return new URL(origin).host === new URL(`${origin.split(':', 1)[0]}://${host}`).host
  } catch {
    // "null" (a sandboxed page, a file) and whatever is no origin.
    return false
  }
}

function fromOwnPage(request: IncomingMessage): boolean {
  return (request.headers.origin !== undefined || request.headers['sec-fetch-site'] === 'same-origin') && allowOrigin(request)
}

function isRead(request: IncomingMessage): boolean {
  return (request.method === 'GET' || request.method === 'HEAD') && request.headers.upgrade === undefined
}

function hostNameOf(host: string | undefined): string {
  if (host === undefined) return ''
  return host.startsWith('[') ? host.slice(0, host.indexOf(']') + 1) : host.split(':', 1)[0]!
}

/** Under TLS, ours or a proxy's before us, the cookie never travels without. */
export function isEncrypted(request: IncomingMessage): boolean {
  return (request.socket as Partial<TLSSocket>).encrypted === true || request.headers['x-forwarded-proto'] === 'https'
}

export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

const ranks: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, admin: 3 }

/** Devices have no role over HTTP. */
export function hasRole(principal: Principal, role: Role): boolean {
  return principal.kind !== 'device' && ranks[principal.role] >= ranks[role]
}
