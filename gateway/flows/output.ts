import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import { plain } from './messages.ts'

export type OutputStream = 'stdout' | 'stderr'

/** What a process prints: the last lines kept, all of it logged as far as the rate allows. */
export interface Output {
  take(stream: OutputStream, chunk: Buffer): void
  /** The last complete lines of both streams, oldest first. */
  lastLines(): readonly string[]
}

const keptLines = 40
/** Of a line that does not end: what comes after is left out. */
const longestLine = 4_096
const loggedLines = 20
const loggedWithinMs = 10_000

export function createOutput({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }): Output {
  const kept: string[] = []
  const open = { stdout: { decoder: new StringDecoder('utf8'), text: '' }, stderr: { decoder: new StringDecoder('utf8'), text: '' } }
  let window = { sinceMs: -Infinity, lines: 0 }

  function log(stream: OutputStream, line: string): void {
    const now = clock.monotonic()
    if (now - window.sinceMs >= loggedWithinMs) {
      if (window.lines > loggedLines) logger.warn({ lines: window.lines - loggedLines }, 'more lines of the flows than are logged')
      window = { sinceMs: now, lines: 0 }
    }
    if (++window.lines > loggedLines) return
    if (stream === 'stderr') logger.warn({ line }, 'flows')
    else logger.debug({ line }, 'flows')
  }

  return {
    take(stream, chunk) {
      const of = open[stream]
      const lines = (of.text + of.decoder.write(chunk)).split('\n')
      of.text = lines.pop()!.slice(0, longestLine)
      // A flood costs no more than what is kept of it: the lines in between are counted.
      const skipped = Math.max(0, lines.length - keptLines)
      for (const written of lines.slice(skipped)) {
        const line = plain(written, '')
        if (line === '') continue
        kept.push(line)
        if (kept.length > keptLines) kept.shift()
        log(stream, line)
      }
      window.lines += skipped
    },
    lastLines: () => [...kept],
  }
}
