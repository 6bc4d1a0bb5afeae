/** One row of a CSV: its time and what was measured. */
export interface CsvRow { readonly line: number; readonly timeMs: number; readonly values: Readonly<Record<string, number | string | boolean>> }

/** A row that cannot be used, with its place and what would be right. */
export class CsvProblem extends Error {
  override readonly name = 'CsvProblem'
  /** `arguments`: the file is right, and the command line is not. */
  readonly fault: 'file' | 'arguments'

  constructor(message: string, fault: 'file' | 'arguments' = 'file') {
    super(message)
    this.fault = fault
  }
}

/** Reads lines one after the other. */
export interface CsvReader {
  /** Undefined: a line that holds no row, as the first. Throws CsvProblem. */
  row(text: string): CsvRow | undefined
  /** There is no more. Throws CsvProblem where there was nothing at all. */
  end(): void
}

/**
 * Reads rows as interface.md describes: the first column is the time (a column `hour`, ISO 8601 without zone = UTC, or ms),
 * a column `value` is `metric`, every other column is a metric of its name, an empty cell is missing.
 * Rows keep the order of the file, whatever their times: recordings hold late rows, too.
 */
export function createCsvReader({ file, metric }: { file: string; metric: string | undefined }): CsvReader {
  let columns: string[] | undefined
  let isHour = false
  let line = 0
  return {
    row(raw) {
      line++
      const text = line === 1 ? raw.replace(/^\uFEFF/, '') : raw
      if (text.trim() === '') return undefined
      const where = (): string => `${file}:${line}`
      const cells = splitCells(text, where)
      if (columns === undefined) {
        columns = header(cells, { where: where(), metric })
        isHour = columns[0] === 'hour'
        return undefined
      }
      if (cells.length !== columns.length) throw new CsvProblem(`${where()}: ${cells.length} cells, but the header has ${columns.length}`)
      const timeMs = timeOf(cells[0]!, isHour, where)
      const values: Record<string, number | string | boolean> = Object.create(null) as Record<string, never>
      for (let i = 1; i < columns.length; i++) if (cells[i] !== '' && cells[i]!.trim() !== '') values[columns[i]!] = valueOf(cells[i]!)
      return { line, timeMs, values }
    },
    end() {
      if (columns === undefined) throw new CsvProblem(`${file}: empty; the first line names the columns, e.g. hour,heart_rate,spo2`)
    },
  }
}

/** The rows of lines that come one by one. Throws CsvProblem. */
export async function* readCsv(lines: AsyncIterable<string>, of: { file: string; metric: string | undefined }): AsyncGenerator<CsvRow> {
  const reader = createCsvReader(of)
  for await (const text of lines) {
    const row = reader.row(text)
    if (row !== undefined) yield row
  }
  reader.end()
}

function header(cells: readonly string[], { where, metric }: { where: string; metric: string | undefined }): string[] {
  const names = cells.map((cell) => cell.trim())
  const empty = names.indexOf('')
  if (empty >= 0) throw new CsvProblem(`${where}: column ${empty + 1} has no name`)
  if (names.length < 2) throw new CsvProblem(`${where}: one column; a time and at least one metric are needed`)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new CsvProblem(`${where}: two columns are named "${twice}"`)
  if (names.slice(1).includes('value') && metric === undefined) throw new CsvProblem(`${where}: a column "value" needs --metric M to say what it measures`, 'arguments')
  if (names.slice(1).includes('value') && names.slice(1).includes(metric!)) throw new CsvProblem(`${where}: "value" is to be called "${metric}", and another column is`, 'arguments')
  return names.map((name, i) => (i > 0 && name === 'value' ? metric! : name))
}

function timeOf(cell: string, isHour: boolean, where: () => string): number {
  const text = cell.trim()
  const number = text === '' ? Number.NaN : Number(text)
  if (Number.isFinite(number)) return isHour ? Math.round(number * 3_600_000) : number
  const iso = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text)
  if (iso !== null && !isHour) {
    const zoned = iso[1] === undefined || iso[4] !== undefined ? text : `${text}Z`
    const parsed = Date.parse(zoned.replace(' ', 'T').replace(',', '.'))
    // `Date.parse` takes the 30th of February for the 2nd of March.
    if (!Number.isNaN(parsed) && new Date(`${text.slice(0, 10)}T00:00Z`).getUTCDate() === Number(text.slice(8, 10))) return parsed
  }
  throw new CsvProblem(`${where()}: "${cell}" is no time; ${isHour ? 'a column "hour" holds numbers' : 'write ISO 8601 (2026-01-31T12:00:00) or milliseconds since 1970'}`)
}

function valueOf(cell: string): number | string | boolean {
  const text = cell.trim()
  if (/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  return cell
}

/** RFC 4180 without line breaks inside quotes. */
function splitCells(text: string, where: () => string): string[] {
  if (!text.includes('"')) return text.split(',')
  const cells: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (;;) {
    const match = cell.exec(text)
    if (match === null) throw new CsvProblem(`${where()}: a quotation mark is out of place`)
    cells.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'))
    if (match[3] === '') return cells
  }
}
