import { once } from 'node:events'
import { isoMs } from '../kernel/iso-time.ts'
import { usage } from './usage.ts'

/** Waits for whoever reads; ends without a word when they have gone (`| head`). */
export async function writeOut(chunks: Iterable<string> | AsyncIterable<string>, stream: NodeJS.WritableStream): Promise<void> {
  const gone = new AbortController()
  let failure: unknown
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') failure = error
    gone.abort()
  }
  stream.on('error', onError)
  try {
    for await (const text of chunks) {
      if (gone.signal.aborted) break
      if (text !== '' && !stream.write(text)) await once(stream, 'drain', { signal: gone.signal })
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error
  } finally {
    stream.off('error', onError)
  }
  if (failure !== undefined) throw failure
}

/** ISO 8601 (without a zone: UTC) or ms since 1970. */
export function parseTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^-?\d{1,16}$/.test(text)) return Number(text)
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?([Zz]|[+-]\d\d:?\d\d)?$/.exec(text)
  const time = match === null ? NaN : isoMs(match[1]!, `${match[2] ?? '00:00'}${match[3]?.toUpperCase() ?? 'Z'}`)
  if (Number.isNaN(time)) throw usage(`"${text}" is no time`, `write ${option} 2026-11-20T08:00:00Z, or ms since 1970`)
  return time
}
