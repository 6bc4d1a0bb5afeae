/**
 * The form of a log row's text (docs/decisions/store-layout.md).
 *
 * `readings`: a JSON array, one reading a line: [storedId, ts - base, value, receivedAt - ts, flags, seq, k, unit];
 * what is left out at the end has its default (0, 0, none, 0, none). Their positions are those of the row
 * that no other entry takes, in order.
 * `others`: a JSON array, one event or mark a line: [position - first, event] or [position - first, mark, 1].
 */
import type { LogEntry, Mark } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { Labels, StoredReading, Value } from '../kernel/reading.ts'
import type { RawRow } from './protocol.ts'

export const flagTsGiven = 1
export const flagBad = 2
/** The value is a NaN or an infinity, written as text. */
export const flagNotFinite = 4
/** Of the same message as the reading before. */
export const flagJoined = 8

export interface SeriesName { readonly device: string; readonly metric: string; readonly labels: Labels }

export type ReadingTuple = readonly [
  storedId: number,
  dt: number,
  value: Value,
  dr?: number,
  flags?: number,
  seq?: number | null,
  k?: number,
  unit?: string,
]

export interface OtherEntry { readonly position: number; readonly kind: 'event' | 'mark'; readonly value: CloudEvent | Mark }

export interface ReadingPlace { readonly position: number; readonly baseMs: number; readonly name: SeriesName }

export function readingOf(tuple: ReadingTuple, place: ReadingPlace): StoredReading {
  const flags = tuple[4] ?? 0
  const ts = place.baseMs + tuple[1]
  const { device, metric, labels } = place.name
  return {
    position: place.position,
    device,
    metric,
    labels,
    value: (flags & flagNotFinite) === 0 ? tuple[2] : Number(tuple[2]),
    quality: (flags & flagBad) === 0 ? 'good' : 'bad',
    unit: tuple[7],
    ts,
    tsGiven: (flags & flagTsGiven) !== 0,
    seq: tuple[5] ?? undefined,
    receivedAt: ts + (tuple[3] ?? 0),
    k: tuple[6] ?? 0,
    ...((flags & flagJoined) === 0 ? {} : { joined: true }),
  }
}

export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

/** The events and marks of a row, in order. */
export function othersOf(row: Pick<RawRow, 'first' | 'others'>): OtherEntry[] {
  if (row.others === null) return []
  const parsed = JSON.parse(textOf(row.others)) as [number, CloudEvent | Mark, 1?][]
  return parsed.map(([offset, value, mark]) => ({ position: row.first + offset, kind: mark === 1 ? 'mark' : 'event', value }))
}

/** Where an event or a mark stands in a row's text. */
export interface OtherPlace { readonly position: number; readonly isMark: boolean; readonly text: Buffer; readonly start: number; readonly end: number }

/**
 * Where the events and marks of a row are, without decoding them: who wants readings pays for no event. They stand one a line,
 * `[offset,event]` or `[offset,mark,1]`; a line that ends in a brace before its bracket is an event.
 */
export function placesOf(row: Pick<RawRow, 'first' | 'others'>): OtherPlace[] {
  if (row.others === null) return []
  const { others } = row
  const text = Buffer.from(others.buffer, others.byteOffset, others.byteLength)
  const places: OtherPlace[] = []
  for (let line = 1, end = 0; line < text.length - 1; line = end + 2) {
    const start = text.indexOf(commaCode, line) + 1
    const newline = text.indexOf(newlineCode, start)
    // Behind the line's own bracket: a comma and the newline, or at the end the bracket of the whole.
    end = newline === -1 ? text.length - 1 : newline - 1
    const isMark = text[end - 2] !== braceCode
    places.push({ position: row.first + Number(text.toString('latin1', line + 1, start - 1)), isMark, text, start, end: isMark ? end - markEnd : end - 1 })
  }
  return places
}

const commaCode = 44
const newlineCode = 10
const braceCode = 125
/** `,1]` */
const markEnd = 3

function valueAt({ text, start, end }: OtherPlace): unknown {
  return JSON.parse(text.toString('utf8', start, end))
}

/** The marks among these. */
export function marksAt(places: readonly OtherPlace[]): Mark[] {
  return places.flatMap((place) => (place.isMark ? [valueAt(place) as Mark] : []))
}

/** Calls `each` for the readings of a row, in order; `others` are those of the same row. */
export function eachReading(row: RawRow, others: readonly { readonly position: number }[], each: (tuple: ReadingTuple, position: number) => void): void {
  if (row.readings === null) return
  const tuples = JSON.parse(textOf(row.readings)) as ReadingTuple[]
  let position = row.first
  let taken = 0
  for (const tuple of tuples) {
    while (others[taken]?.position === position) {
      taken++
      position++
    }
    each(tuple, position++)
  }
}

/** The readings of a row. One whose series has no name is left out. */
export function readingsOf(row: RawRow, nameOf: (storedId: number) => SeriesName | undefined, others: readonly { readonly position: number }[] = placesOf(row)): StoredReading[] {
  const readings: StoredReading[] = []
  eachReading(row, others, (tuple, position) => {
    const name = nameOf(tuple[0])
    if (name !== undefined) readings.push(readingOf(tuple, { position, baseMs: row.baseMs, name }))
  })
  return readings
}

/**
 * All entries of a row in the order of their positions. A reading whose series has no name is left out. An event is decoded when
 * it is looked at: who goes through the log for its readings and marks passes over many.
 */
export function entriesOf(row: RawRow, nameOf: (storedId: number) => SeriesName | undefined): LogEntry[] {
  const others = placesOf(row)
  const entries: LogEntry[] = []
  let taken = 0
  const pushOthers = (before: number): void => {
    for (let other = others[taken]; other !== undefined && other.position < before; other = others[++taken]) entries.push(entryAt(other))
  }
  eachReading(row, others, (tuple, position) => {
    pushOthers(position)
    const name = nameOf(tuple[0])
    if (name === undefined) return
    entries.push({ position, kind: 'reading', reading: readingOf(tuple, { position, baseMs: row.baseMs, name }) })
  })
  pushOthers(Infinity)
  return entries
}

/** An event is decoded when it is looked at. */
export function entryAt(place: OtherPlace): LogEntry {
  const { position } = place
  if (place.isMark) return { position, kind: 'mark', mark: valueAt(place) as Mark }
  let event: CloudEvent | undefined
  return {
    position,
    kind: 'event',
    get event() {
      return (event ??= valueAt(place) as CloudEvent)
    },
  }
}
