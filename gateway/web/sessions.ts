import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import type { Principal } from '../kernel/principal.ts'

export interface Session {
  readonly principal: Principal
  /** Goes with every write a browser makes under this session; not in the cookie. */
  readonly csrfToken: string
  /** Monotonic ms of the end, whatever happens; the idle end may come before. */
  readonly endsAtMs: number
}

/** Who is logged in over HTTP. In memory: a restart asks for the password again. */
export interface Sessions {
  /** Gives the id for the cookie; never the same twice. */
  open(principal: Principal): { readonly id: string; readonly session: Session }
  /** Undefined when unknown, idle for too long, over its time, or its user revoked. `touch`: somebody is there (not merely a stream held open). */
  find(id: string, options?: { touch?: boolean }): Session | undefined
  close(id: string): void
  size(): number
}

export interface SessionOptions {
  readonly idleMs?: number
  readonly absoluteMs?: number
  readonly maxSessions?: number
  readonly maxPerUser?: number
}

interface Kept extends Session { usedAtMs: number }

/** Bounded: beyond `maxPerUser` (20) and `maxSessions` (1,000) the one that was used longest ago ends. */
export function createSessions(options: SessionOptions, deps: { clock: Clock; stillValid: (principal: Principal) => boolean }): Sessions {
  const { idleMs = 8 * 3_600_000, absoluteMs = 24 * 3_600_000, maxSessions = 1_000, maxPerUser = 20 } = options
  const { clock } = deps
  /** By hash of the id, in order of last use. */
  const sessions = new Map<string, Kept>()

  function holds(session: Kept): boolean {
    const now = clock.monotonic()
    return now < session.endsAtMs && now - session.usedAtMs < idleMs && deps.stillValid(session.principal)
  }

  function makeRoom(name: string): void {
    for (const [key, session] of sessions) if (!holds(session)) sessions.delete(key)
    const own = [...sessions].filter(([, session]) => session.principal.name === name)
    for (const [key] of own.slice(0, Math.max(0, own.length - maxPerUser + 1))) sessions.delete(key)
    for (const key of sessions.keys()) {
      if (sessions.size < maxSessions) break
      sessions.delete(key)
    }
  }

  return {
    open(principal) {
      makeRoom(principal.name)
      const id = randomBytes(32).toString('base64url')
      const now = clock.monotonic()
      const session: Kept = { principal, csrfToken: randomBytes(24).toString('base64url'), endsAtMs: now + absoluteMs, usedAtMs: now }
      sessions.set(keyOf(id), session)
      return { id, session }
    },
    find(id, { touch = true } = {}) {
      const key = keyOf(id)
      const session = sessions.get(key)
      if (session === undefined) return undefined
      if (!holds(session)) {
        sessions.delete(key)
        return undefined
      }
      if (touch) {
        session.usedAtMs = clock.monotonic()
        sessions.delete(key)
        sessions.set(key, session)
      }
      return session
    },
    close: (id) => void sessions.delete(keyOf(id)),
    size: () => sessions.size,
  }
}

/** Looked up by hash, so that the time a look-up takes says nothing about ids there are. */
function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}
