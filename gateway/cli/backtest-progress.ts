import type { CliDeps } from './deps.ts'

/** A line on a terminal that renews itself; elsewhere nothing. */
export interface BacktestProgress {
  /** `share`: how much of the whole is done, where that is known. */
  look(readings: number, share?: number): void
  end(): void
}

const everyMs = 200

export function createBacktestProgress({ stderr, clock }: Pick<CliDeps, 'stderr' | 'clock'>): BacktestProgress {
  const isTerminal = 'isTTY' in stderr && stderr.isTTY === true
  const began = clock.monotonic()
  let shownAt = began
  return {
    look(readings, share) {
      const now = clock.monotonic()
      if (!isTerminal || now - shownAt < everyMs) return
      shownAt = now
      const rate = Math.round(readings / Math.max(0.001, (now - began) / 1_000))
      const done = share === undefined ? '' : `${Math.floor(share * 100)} %, `
      stderr.write(`\r${done}${readings.toLocaleString('en')} readings, ${rate.toLocaleString('en')}/s\u001B[K`)
    },
    end() {
      if (isTerminal && shownAt !== began) stderr.write('\r\u001B[K')
    },
  }
}
