import { LimenError } from '../kernel/errors.ts'
import type { InputLine } from '../replay-lines.ts'

/** What a backtest runs over, in batches as it comes; of a batch each line is read when it is asked for. Throws BAD_INPUT with the place. */
export interface BacktestInput {
  batches(): AsyncIterable<Iterable<InputLine>>
  /** Of the line that was given last. */
  place(): string
}

type Bytes = AsyncIterable<string | Uint8Array>

/** A file without line ends would be held in memory as a whole. */
const longestLine = 16 * 1024 * 1024

/** Lines of JSON. */
export function inputLines(bytes: Bytes, name: string): BacktestInput {
  let count = 0
  const place = (): string => `${name}:${count}`

  function* batch(texts: readonly string[]): Generator<InputLine> {
    for (const text of texts) {
      count++
      if (text === '' || text.trim() === '') continue
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
      yield line as InputLine
    }
  }

  return {
    async *batches() {
      for await (const texts of textLines(bytes)) yield batch(texts)
    },
    place,
  }
}

/** Rows of a CSV, each one message; its time is that of its receipt, and the device's own where rows do not rise. */
export function csvRows(bytes: Bytes, { file, device, metric }: { readonly file: string; readonly device: string; readonly metric: string | undefined }): BacktestInput {
  let at = -Infinity
  let count = 0

  return {
    async *batches() {
      // The simulator reads the same files.
      const { CsvProblem, createCsvReader } = await import('../../devices-sim/csv.ts')
      const reader = createCsvReader({ file, metric })
      const told = (thrown: unknown): unknown => (thrown instanceof CsvProblem ? new LimenError(thrown.fault === 'arguments' ? 'USAGE' : 'BAD_INPUT', thrown.message, { cause: thrown, remedy: thrown.fault === 'arguments' ? 'mend the command' : 'mend the row, or leave it out' }) : thrown)

      function* batch(texts: readonly string[]): Generator<InputLine> {
        for (const text of texts) {
          count++
          let row
          try {
            row = reader.row(text)
          } catch (thrown) {
            throw told(thrown)
          }
          if (row === undefined) continue
          const { timeMs, values } = row
          if (timeMs > at) at = timeMs
          yield { at, device, values, ts: timeMs }
        }
      }

      for await (const texts of textLines(bytes)) yield batch(texts)
      try {
        reader.end()
      } catch (thrown) {
        throw told(thrown)
      }
    },
    place: () => `${file}:${count}`,
  }
}

/** Splits at line ends, whatever the chunks are. */
async function* textLines(bytes: Bytes): AsyncGenerator<readonly string[]> {
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
