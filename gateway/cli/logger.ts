import pino from 'pino'
import type { Logger } from '../kernel/log.ts'

/** Diagnostics as JSON lines on standard error; standard output is for results. */
export function createLogger(stream: NodeJS.WritableStream): Logger {
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, level: 'info' }, stream)
}
