import { LimenError } from '../kernel/errors.ts'
import type { InputLine } from '../replay-lines.ts'

export interface PlacedLine { readonly line: InputLine; readonly place: string }

/** Lines of JSON, in batches as they come. Throws BAD_INPUT with the place. */
export async function* readInputLines(bytes: AsyncIterable<string | Uint8Array>, name: string): AsyncGenerator<readonly PlacedLine[]> {
  let count = 0
  for await (const texts of textLines(bytes)) {
    const batch: PlacedLine[] = []
    for (const text of texts) {
      count++
      if (text.trim() === '') continue
      const place = `${name}:${count}`
      let line: unknown
      try {
        line = JSON.parse(text)
      } catch (cause) {
        // What was right before it is still worth having.
        yield batch
        throw new LimenError('BAD_INPUT', `${place}: no JSON: ${(cause as Error).message.slice(0, 120)}`, { cause, remedy: 'write one JSON object a line' })
      }
      if (typeof line !== 'object' || line === null || Array.isArray(line)) {
        yield batch
        throw new LimenError('BAD_INPUT', `${place}: no JSON object`, { remedy: 'write e.g. {"at":0,"device":"bed-1","metric":"spo2","value":97}' })
      }
      batch.push({ line: line as InputLine, place })
    }
    yield batch
  }
}

/** Rows of a CSV, each one message; its time is that of its receipt, and the device's own where rows do not rise. */
export async function* linesOf(bytes: AsyncIterable<string | Uint8Array>, { file, device, metric }: { readonly file: string; readonly device: string; readonly metric: string | undefined }): AsyncGenerator<readonly PlacedLine[]> {
  // The simulator reads the same files.
  const { CsvProblem, readCsv } = await import('../../devices-sim/csv.ts')
  let at = -Infinity
  let batch: PlacedLine[] = []
  try {
    for await (const { line, timeMs, values } of readCsv(singly(textLines(bytes)), { file, metric })) {
      at = Math.max(at, timeMs)
      batch.push({ line: { at, device, values, ts: timeMs }, place: `${file}:${line}` })
      if (batch.length < 1_000) continue
      yield batch
      batch = []
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvProblem)) throw thrown
    yield batch
    throw new LimenError(thrown.fault === 'arguments' ? 'USAGE' : 'BAD_INPUT', thrown.message, { cause: thrown })
  }
  yield batch
}

async function* singly(batches: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const batch of batches) yield* batch
}

/** Splits at line ends, whatever the chunks are. */
async function* textLines(bytes: AsyncIterable<string | Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of bytes) {
    const text = rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))
    const lines = text.split(/\r?\n/)
    rest = lines.pop()!
    if (lines.length > 0) yield lines
  }
  rest += decoder.decode()
  if (rest !== '') yield [rest]
}
