import type { Answer } from './answer.ts'

/** One InfluxDB, spoken to through its library. One write at a time. */
export interface InfluxClient {
  /** Sends lines (joined by newlines) in one request, whatever they are. Never rejects; an aborted signal or the time-out ends it. */
  write(body: string, signal: AbortSignal): Promise<Answer>
  /** Lets go of idle connections. */
  close(): void
}

export interface Deadline {
  readonly signal: AbortSignal
  /** Lets go of everything. */
  end(): void
}

/**
 * Aborts when `signal` does or after the time-out. Not AbortSignal.timeout: that one, and with it a request's body,
 * would stay in memory until its time had come, at full speed 250 MB.
 */
export function openDeadline(signal: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(signal.reason)
  const timer = setTimeout(() => controller.abort(new Error('no answer in time')), timeoutMs)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

/** What went wrong on the way, for logs and alarms; the address is known, so only what happened. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === 'ETIMEDOUT' || error.name === 'RequestTimedOutError') return 'no answer in time'
  // Connecting to several addresses of a name fails with an AggregateError that has a code but no message.
  return error.message === '' ? (code ?? error.name) : error.message
}
