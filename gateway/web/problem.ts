import type { ErrorCode } from '../kernel/errors.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import type { Problem } from '../kernel/problem.ts'
import { andMore } from '../kernel/problem.ts'

/** Codes HTTP knows besides Limen's own. */
export type ProblemCode = ErrorCode | 'METHOD_NOT_ALLOWED' | 'UPGRADE_REQUIRED' | 'TOO_LARGE' | 'UNSUPPORTED_MEDIA_TYPE' | 'TOO_MANY_ATTEMPTS' | 'INTERNAL'

/** A member of the request that is wrong, and what would be right. */
export interface WrongMember {
  /** `limit`, `labels.ward`, `[3].source`; empty for the whole. */
  readonly member: string
  readonly detail: string
  readonly [more: string]: unknown
}

/** RFC 9457. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: ProblemCode
  readonly errors?: readonly WrongMember[]
  readonly [more: string]: unknown
}

/** What a route throws where it knows more than a code. */
export class HttpProblem extends Error {
  readonly status: number
  readonly code: ProblemCode
  readonly more: Readonly<Record<string, unknown>>
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, detail: string, details: { more?: Readonly<Record<string, unknown>>; headers?: Readonly<Record<string, string>>; cause?: unknown } = {}) {
    super(detail, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HttpProblem'
    this.code = code
    this.status = statusOf(code)
    this.more = details.more ?? {}
    this.headers = details.headers ?? {}
  }
}

/** Something in the request is wrong: 400, with every member that is. */
export function badRequest(errors: readonly WrongMember[]): HttpProblem {
  return new HttpProblem('BAD_INPUT', detailOf(errors), { more: { errors } })
}

/** In a sentence: the first, and how many more there are. */
export function detailOf(errors: readonly WrongMember[]): string {
  const { member, detail } = errors[0]!
  return andMore(member === '' ? detail : `${member}: ${detail}`, errors.length)
}

/** Rules that are wrong: lines and columns are of `text`, the YAML that was sent, or what became of the JSON. */
export function wrongRules(detail: string, { problems, text }: { readonly problems: readonly Problem[]; readonly text: string }): HttpProblem {
  return new HttpProblem('BAD_INPUT', detail, { more: { problems: problems.map(withoutFile), text } })
}

/** There is no file where rules were sent. */
export function withoutFile({ line, column, path, message, remedy }: Problem): Omit<Problem, 'file'> {
  return { line, column, path, message, remedy }
}

export function notFound(what: string): HttpProblem {
  return new HttpProblem('NOT_FOUND', what)
}

/** How long a client should wait before it tries again what the store could not take. */
const retryAfterS = 5

/** Whatever was thrown, as a problem. `internal` says that it is a fault of ours, to be logged. */
export function problemOf(thrown: unknown): { problem: HttpProblem; internal: boolean } {
  if (thrown instanceof HttpProblem) return { problem: thrown, internal: false }
  if (thrown instanceof LimenError) {
    const detail = thrown.remedy === undefined ? thrown.message : `${thrown.message}; ${thrown.remedy}`
    const retry = statusOf(thrown.code) === 503 ? { 'retry-after': String(retryAfterS) } : {}
    const errors = thrown.problems.map(({ path, message, remedy }): WrongMember => ({ member: path, detail: remedy === '' ? message : `${message}; ${remedy}` }))
    return { problem: new HttpProblem(thrown.code, detail, { headers: retry, cause: thrown, more: errors.length > 0 && thrown.code === 'BAD_INPUT' ? { errors } : {} }), internal: statusOf(thrown.code) === 500 }
  }
  const { code, statusCode } = asError(thrown) as Error & { code?: string; statusCode?: number }
  const { message } = asError(thrown)
  if (statusCode === 413) return { problem: new HttpProblem('TOO_LARGE', 'the body is larger than this address takes; send less at once'), internal: false }
  if (statusCode === 415) return { problem: new HttpProblem('UNSUPPORTED_MEDIA_TYPE', 'this content type is not read here; send application/json'), internal: false }
  // Fastify's own refusals of malformed requests (URL, JSON, content length) carry its code and a status of the client's fault.
  if (code !== undefined && statusCode !== undefined && statusCode >= 400 && statusCode < 500) return { problem: new HttpProblem('BAD_INPUT', message), internal: false }
  if (statusCode === 400) return { problem: new HttpProblem('BAD_INPUT', `the body is not JSON: ${message}`), internal: false }
  return { problem: new HttpProblem('INTERNAL', 'something went wrong inside Limen; its log says more', { cause: thrown }), internal: true }
}

/** `instance` is the path that was asked for, without its query: that may hold what should not be repeated. */
export function documentOf(problem: HttpProblem, url: string): ProblemDocument {
  return {
    type: `urn:limen:problem:${problem.code.toLowerCase().replaceAll('_', '-')}`,
    title: titles[problem.code] ?? 'The gateway could not do this',
    status: problem.status,
    detail: problem.message,
    instance: url.split('?', 1)[0]!,
    code: problem.code,
    ...problem.more,
  }
}

const titles: Partial<Record<ProblemCode, string>> = {
  BAD_INPUT: 'The request is not right',
  UNAUTHENTICATED: 'Log in first',
  FORBIDDEN: 'Not allowed',
  NOT_FOUND: 'There is no such thing',
  METHOD_NOT_ALLOWED: 'Not this method',
  UPGRADE_REQUIRED: 'Only as a WebSocket',
  CONFLICT: 'Refused as things stand',
  TOO_LARGE: 'Too large',
  UNSUPPORTED_MEDIA_TYPE: 'Not this content type',
  TOO_MANY_ATTEMPTS: 'Too many attempts',
  NOT_IN_THIS_VERSION: 'Not in this version',
  INTERNAL: 'Internal fault',
  STORE_FAILED: 'Could not be stored',
  STORE_FULL: 'The disk is full',
  OVERLOADED: 'Too busy',
  STOPPING: 'The gateway is stopping',
}

function statusOf(code: ProblemCode): number {
  switch (code) {
    case 'BAD_INPUT':
    case 'USAGE':
      return 400
    case 'UNAUTHENTICATED':
      return 401
    case 'FORBIDDEN':
      return 403
    case 'NOT_FOUND':
      return 404
    case 'METHOD_NOT_ALLOWED':
      return 405
    case 'CONFLICT':
      return 409
    case 'TOO_LARGE':
      return 413
    case 'UNSUPPORTED_MEDIA_TYPE':
      return 415
    case 'UPGRADE_REQUIRED':
      return 426
    case 'TOO_MANY_ATTEMPTS':
      return 429
    case 'NOT_IN_THIS_VERSION':
      return 501
    case 'STORE_FAILED':
    case 'STORE_FULL':
    case 'STORE_LOCKED':
    case 'STORE_CLOSED':
    case 'OVERLOADED':
    case 'STOPPING':
      return 503
    case 'CONFIG_INVALID':
    case 'RULES_INVALID':
    case 'ADDRESS_IN_USE':
    case 'NO_CREDENTIALS':
    case 'INTERNAL':
      return 500
    default:
      return code satisfies never
  }
}
