import type { Problem } from './problem.ts'

/** Stable codes of everything Limen can refuse or fail at; nobody tests a message. */
export type ErrorCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'RULES_INVALID'
  | 'NOT_IN_THIS_VERSION'
  | 'STORE_LOCKED'
  | 'STORE_FAILED'
  | 'STORE_FULL'
  | 'STORE_CLOSED'
  | 'ADDRESS_IN_USE'
  | 'NO_CREDENTIALS'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'BAD_INPUT'
  | 'FORBIDDEN'
  | 'UNAUTHENTICATED'
  | 'OVERLOADED'
  | 'STOPPING'

/** A failure with a stable `code`; `remedy` says what to do next, in one sentence; `problems` lists all that is wrong with a configuration. */
export class LimenError extends Error {
  readonly code: ErrorCode
  readonly remedy: string | undefined
  readonly problems: readonly Problem[]

  constructor(code: ErrorCode, message: string, details: { cause?: unknown; remedy?: string; problems?: readonly Problem[] } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'LimenError'
    this.code = code
    this.remedy = details.remedy
    this.problems = details.problems ?? []
  }
}

/** Normalises what a `catch` gives, so that `cause` is always an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
