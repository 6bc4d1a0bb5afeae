import type { Answer } from './answer.ts'
import type { InfluxOptions } from './options.ts'

/** One InfluxDB, spoken to through its library. One write at a time. */
export interface InfluxClient {
  /** Sends lines (joined by newlines) in one request, whatever they are. Never rejects; an aborted signal or the time-out ends it. */
  write(body: string, signal: AbortSignal): Promise<Answer>
  /** Lets go of idle connections. */
  close(): void
}

/** Loads the library that speaks the configured version, and only that. */
export async function connectInflux(options: InfluxOptions, timeoutMs: number): Promise<InfluxClient> {
  if (options.version === 1) {
    const { createClientV1 } = await import('./client-v1.ts')
    return createClientV1(options, timeoutMs)
  }
  const { createClientV2 } = await import('./client-v2.ts')
  return createClientV2(options, timeoutMs)
}

/** What went wrong on the way, for logs and alarms; the address is known, so only what happened. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (error.name === 'TimeoutError' || code === 'ETIMEDOUT' || error.name === 'RequestTimedOutError') return 'no answer in time'
  // Connecting to several addresses of a name fails with an AggregateError that has a code but no message.
  return error.message === '' ? (code ?? error.name) : error.message
}
