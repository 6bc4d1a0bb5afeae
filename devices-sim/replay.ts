import type { Clock } from './clock.ts'
import type { CsvRow } from './csv.ts'
import type { Link } from './link.ts'

export interface ReplayOptions {
  readonly device: string
  /** How many times faster than recorded. */
  readonly speed: number
  /** Send the times of the file instead of those of the replay. */
  readonly keepTime: boolean
  /** The metric of a column `value`: such rows go to `devices/{device}/{metric}`. */
  readonly metric: string | undefined
}

export interface Replay {
  /** Resolves when the last row is sent, or when stopped. Rejects with CsvProblem. */
  run(): Promise<{ readonly rows: number }>
  stop(): void
}

/** Sends row after row at the pace of its times: one row, one message; one whose time lies before that of the row above goes at once. A row without any value sends nothing. */
export function createReplay(rows: AsyncIterable<CsvRow>, options: ReplayOptions, { clock, link, tell }: { clock: Clock; link: Link; tell: (line: string) => void }): Replay {
  let stopped = false
  let wake: () => void = () => undefined

  const isRunning = (): boolean => !stopped

  function wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }

  return {
    async run() {
      const origin = { wallMs: clock.wall(), monotonicMs: clock.monotonic() }
      let firstMs: number | undefined
      let count = 0
      for await (const row of rows) {
        firstMs ??= row.timeMs
        const dueMs = (row.timeMs - firstMs) / options.speed
        const waitMs = origin.monotonicMs + dueMs - clock.monotonic()
        if (waitMs > 60_000) tell(`the next row is due in ${Math.round(waitMs / 1_000)} s; a greater --speed shortens that`)
        if (waitMs > 0) await wait(waitMs)
        // back-pressure: a gateway that is slower than the replay, or away, sets the pace
        while ((link.full() || !link.up()) && isRunning()) await wait(20)
        if (!isRunning()) break
        if (Object.keys(row.values).length === 0) continue
        const ts = Math.round(options.keepTime ? row.timeMs : origin.wallMs + dueMs)
        link.publish(...message(row, options, ts))
        count++
      }
      return { rows: count }
    },
    stop() {
      stopped = true
      wake()
    },
  }
}

function message(row: CsvRow, { device, metric }: ReplayOptions, ts: number): [topic: string, payload: string] {
  const [only, ...others] = Object.keys(row.values)
  if (metric !== undefined && only === metric && others.length === 0) {
    return [`devices/${device}/${metric}`, JSON.stringify({ value: row.values[metric], ts, seq: row.line })]
  }
  return [`devices/${device}`, JSON.stringify({ ...row.values, ts, seq: row.line })]
}
