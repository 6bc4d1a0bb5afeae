import type { Clock } from './clock.ts'
import type { Counters } from './counters.ts'

/** Where the simulator speaks to people. */
export interface Terminal { readonly isTty: boolean; write(text: string): void }

export interface Progress {
  start(): void
  /** A line that stays, above the status line. */
  tell(line: string): void
  /** Ends the status line. */
  end(): void
  /** … and prints the summary. */
  stop(): void
}

/** One status line that renews itself every second on a terminal; a plain line every 5 s elsewhere. */
export function createProgress(counters: Counters, { terminal, clock }: { terminal: Terminal; clock: Clock }): Progress {
  const everyMs = terminal.isTty ? 1_000 : 5_000
  let startedAt = 0
  let last = { at: 0, sent: 0 }
  let cancel: () => void = () => undefined

  function step(): void {
    const now = clock.monotonic()
    const rate = ((counters.sent - last.sent) / Math.max(1, now - last.at)) * 1_000
    last = { at: now, sent: counters.sent }
    const line = statusLine(counters, { seconds: (now - startedAt) / 1_000, rate })
    terminal.write(terminal.isTty ? `\r${line}\u001B[K` : `${line}\n`)
    cancel = clock.after(everyMs, step)
  }

  function end(): void {
    cancel()
    if (terminal.isTty) terminal.write('\r\u001B[K')
  }

  return {
    end,
    start() {
      startedAt = clock.monotonic()
      last = { at: startedAt, sent: 0 }
      cancel = clock.after(everyMs, step)
    },
    tell: (line) => terminal.write(terminal.isTty ? `\r\u001B[K${line}\n` : `${line}\n`),
    stop() {
      end()
      terminal.write(`${summary(counters, (clock.monotonic() - startedAt) / 1_000)}\n`)
    },
  }
}

function statusLine(counters: Counters, { seconds, rate }: { seconds: number; rate: number }): string {
  const parts = [
    `${seconds.toFixed(0)} s`,
    `${counters.connected}/${counters.connections} connected`,
    `sent ${number(counters.sent)}`,
    `acknowledged ${number(counters.acknowledged)}`,
    `${number(Math.round(rate))}/s`,
    `commands ${counters.commandsAnswered}/${counters.commandsReceived}`,
  ]
  if (counters.reconnects > 0) parts.push(`reconnects ${counters.reconnects}`)
  if (counters.dropped > 0) parts.push(`dropped ${number(counters.dropped)}`)
  if (counters.errors > 0) parts.push(`errors ${number(counters.errors)}`)
  return parts.join(' · ')
}

function summary(counters: Counters, seconds: number): string {
  const waiting = counters.sent - counters.acknowledged
  const rate = Math.round(counters.sent / Math.max(0.001, seconds))
  return [
    `${number(counters.sent)} sent in ${seconds.toFixed(1)} s (${number(rate)}/s), ${number(counters.acknowledged)} acknowledged`,
    waiting > 0 ? `${number(waiting)} not acknowledged` : undefined,
    counters.dropped > 0 ? `${number(counters.dropped)} dropped` : undefined,
    counters.commandsReceived > 0 ? `${counters.commandsAnswered} of ${counters.commandsReceived} commands answered` : undefined,
    counters.reconnects > 0 ? `${counters.reconnects} reconnects` : undefined,
    `${number(counters.errors)} errors`,
  ].filter((part) => part !== undefined).join(', ')
}

function number(value: number): string {
  return value.toLocaleString('en')
}
