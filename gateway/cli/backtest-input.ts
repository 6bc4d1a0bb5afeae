import { LimenError } from '../kernel/errors.ts'
import type { InputLine } from '../replay-lines.ts'

/** What a backtest runs over, line by line. */
export interface BacktestInput {
  /** Undefined: a line that holds nothing. Throws BAD_INPUT with the place. */
  line(text: string): InputLine | undefined
  /** There is no more. Throws BAD_INPUT where that is wrong. */
  end(): void
  /** Of the line that was read last. */
  place(): string
}

/** A file without line ends would be held in memory as a whole. */
const longestLine = 16 * 1024 * 1024

/** Lines of JSON. */
export function jsonLines(name: string): BacktestInput {
  let count = 0
  const place = (): string => `${name}:${count}`
  return {
    line(text) {
      count++
      if (text === '' || text.trim() === '') return undefined
      let line: unknown
      try {
        line = JSON.parse(text)
      } catch (cause) {
        const remedy = /\b(?:NaN|Infinity)\b/.test(text) ? 'JSON has no NaN and no Infinity: write "NaN"' : 'write one JSON object a line'
        throw new LimenError('BAD_INPUT', `${place()}: no JSON: ${(cause as Error).message.slice(0, 120)}`, { cause, remedy })
      }
      if (typeof line !== 'object' || line === null || Array.isArray(line)) {
        throw new LimenError('BAD_INPUT', `${place()}: no JSON object`, { remedy: 'write e.g. {"at":0,"device":"bed-1","metric":"spo2","value":97}' })
      }
      return line as InputLine
    },
    end() {},
    place,
  }
}

/** Rows of a CSV, each one message; its time is that of its receipt, and the device's own where rows do not rise. */
export async function csvRows({ file, device, metric }: { readonly file: string; readonly device: string; readonly metric: string | undefined }): Promise<BacktestInput> {
  // The simulator reads the same files.
  const { CsvProblem, createCsvReader } = await import('../../devices-sim/csv.ts')
  const reader = createCsvReader({ file, metric })
  let at = -Infinity
  let count = 0

  function told(thrown: unknown): unknown {
    if (!(thrown instanceof CsvProblem)) return thrown
    return thrown.fault === 'arguments'
      ? new LimenError('USAGE', thrown.message, { cause: thrown, remedy: 'mend the command' })
      : new LimenError('BAD_INPUT', thrown.message, { cause: thrown, remedy: 'mend the row, or leave it out' })
  }

  return {
    line(text) {
      count++
      try {
        const row = reader.row(text)
        if (row === undefined) return undefined
        if (row.timeMs > at) at = row.timeMs
        return { at, device, values: row.values, ts: row.timeMs }
      } catch (thrown) {
        throw told(thrown)
      }
    },
    end() {
      try {
        reader.end()
      } catch (thrown) {
        throw told(thrown)
      }
    },
    place: () => `${file}:${count}`,
  }
}

/** Lines as they come, in batches, whatever the chunks are. */
export async function* textLines(bytes: AsyncIterable<string | Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of bytes) {
    const text = rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    const lines = text.split(text.includes('\r') ? /\r?\n/ : '\n')
    rest = lines.pop()!
    if (rest.length > longestLine) throw new LimenError('BAD_INPUT', `a line is longer than ${longestLine / 1024 ** 2} MiB`, { remedy: 'write one JSON object, or one row, a line' })
    if (lines.length > 0) yield lines
  }
  rest += decoder.decode()
  if (rest !== '') yield [rest]
}
