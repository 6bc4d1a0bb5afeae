import type { FastifyReply, FastifyRequest } from 'fastify'
import { cookieName, isEncrypted } from './access.ts'
import type { WebContext } from './context.ts'
import { HttpProblem } from './problem.ts'
import type { Session } from './sessions.ts'

const cookieOptions = { httpOnly: true, sameSite: 'strict', path: '/' } as const

export interface Exchange { readonly request: FastifyRequest; readonly reply: FastifyReply }

/** Checks name and password and opens a new session; the one the request came with, if any, ends. Throws 401 or 429. */
export async function logIn(context: WebContext, { request, reply }: Exchange, login: { name: string; password: string }): Promise<Session> {
  const { authenticator, sessions, logger } = context
  const address = request.raw.socket.remoteAddress ?? ''
  const waitMs = authenticator.waitMs({ name: login.name, address })
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1_000)
    throw new HttpProblem('TOO_MANY_ATTEMPTS', `too many attempts; try again in ${seconds} s`, { headers: { 'retry-after': String(seconds) } })
  }
  const principal = await authenticator.user({ ...login, address })
  if (principal === null) {
    logger.warn({ user: login.name.slice(0, 64), address }, 'a login was refused')
    throw new HttpProblem('UNAUTHENTICATED', 'name or password is not right')
  }
  const before = request.cookies[cookieName]
  if (before !== undefined) sessions.close(before)
  const { id, session } = sessions.open(principal)
  reply.setCookie(cookieName, id, { ...cookieOptions, secure: isEncrypted(request.raw) })
  logger.info({ user: principal.name, address }, 'logged in')
  return session
}

/** Whoever holds the cookie may end its session, even if it is no longer good for anything else. */
export function logOut(context: WebContext, { request, reply }: Exchange): void {
  const id = request.cookies[cookieName]
  if (id === undefined) return
  context.sessions.close(id)
  reply.clearCookie(cookieName, cookieOptions)
}
