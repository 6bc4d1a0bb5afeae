import { isFault, readSeq, readTs } from './ingest/fields.ts'
import { readValue } from './ingest/codecs/scalar.ts'
import type { SeriesMemory } from './ingest/identity.ts'
import { createSeriesMemory } from './ingest/identity.ts'
import { maxDepth } from './ingest/sample.ts'
import type { Treatment } from './ingest/treatment.ts'
import { treat, treatmentOf } from './ingest/treatment.ts'
import type { DeviceFacts, Times } from './kernel/contracts.ts'
import { LimenError } from './kernel/errors.ts'
import type { Quality, Reading, Series, Value } from './kernel/reading.ts'

/** What a line says of readings. */
export interface ReadingLine {
  readonly device?: string
  readonly metric?: string
  readonly value?: unknown
  readonly values?: Readonly<Record<string, unknown>>
  readonly unit?: string
  readonly ts?: number | string
  readonly seq?: number
}

/** Lines become readings as messages do in the live gateway: the devices' settings decide units and numbers written as text, and what was redelivered is known. */
export interface ReplayReadings {
  /** New ones only, of one message. `heardAt`: of its receipt, where no step of the clock counts. Throws BAD_INPUT. The device must have been met. */
  of(line: ReadingLine, times: Times, heardAt: number): readonly Reading[]
  /** False: it was known. */
  meet(device: string, facts: DeviceFacts): boolean
  knows(device: string): boolean
  counts(): { readonly readings: number; readonly duplicates: number }
}

/** `memory`: of what can be known again; null until the first that says more than a value. */
interface Track { readonly series: Series; memory: SeriesMemory | null; readonly treatment: Treatment | null }
type Message = Pick<Reading, 'ts' | 'tsGiven' | 'seq' | 'receivedAt' | 'unit'> & { readonly heardAt: number }
interface Known { readonly settings: DeviceFacts['settings']; readonly tracks: Map<string, Track> }

const none: readonly Reading[] = []

export function createReplayReadings(): ReplayReadings {
  const devices = new Map<string, Known>()
  let seriesCount = 0
  let readings = 0
  let duplicates = 0

  function trackOf(device: string, metric: unknown): Track {
    const { settings, tracks } = devices.get(device)!
    let track = tracks.get(metric as string)
    if (track === undefined) {
      if (!isName(metric)) throw new LimenError('BAD_INPUT', `metric: ${JSON.stringify(metric)} is no name`, { remedy: 'write e.g. "metric":"spo2"' })
      track = { series: { id: seriesCount, device, metric, storedId: seriesCount++ }, memory: null, treatment: treatmentOf(settings, metric) }
      tracks.set(metric, track)
    }
    return track
  }

  /** Undefined: it was redelivered. */
  function admit(track: Track, given: unknown, message: Message): Reading | undefined {
    const { series, treatment } = track
    const { ts, tsGiven, seq, receivedAt, heardAt } = message
    let [value, quality, unit]: [Value, Quality, string | undefined] = [given as number, 'good', message.unit]
    if (typeof given !== 'number' || !Number.isFinite(given)) ({ value, quality } = valueOf(given))
    if (treatment !== null) ({ value, quality, unit } = treat(treatment, { value, quality, unit }, () => {}))
    if (track.memory === null && (tsGiven || seq !== undefined)) track.memory = createSeriesMemory()
    const { memory } = track
    const reading: Reading = { series, value, quality, unit, ts, tsGiven, seq, receivedAt, k: memory === null ? 0 : memory.sameTime(ts) }
    if (memory?.has(reading, heardAt) === true) {
      duplicates++
      return undefined
    }
    memory?.remember(reading, heardAt)
    readings++
    return reading
  }

  return {
    of(line, { wallMs }, heardAt) {
      const device = line.device!
      const tsGiven = line.ts !== undefined && line.ts !== null
      const message: Message = { ts: tsGiven ? eventTime(line.ts) : wallMs, tsGiven, seq: line.seq === undefined ? undefined : counter(line.seq), receivedAt: wallMs, heardAt, unit: line.unit === undefined ? undefined : unitOf(line.unit) }
      if (line.metric !== undefined) {
        if (line.value === undefined) throw new LimenError('BAD_INPUT', 'the reading has no `value`', { remedy: 'write null for a missing one, "NaN" for one that is no number' })
        const reading = admit(trackOf(device, line.metric), line.value, message)
        return reading === undefined ? none : [reading]
      }
      const found: Reading[] = []
      const walk = (values: object, prefix: string, depth: number): void => {
        for (const name in values) {
          const value = (values as Record<string, unknown>)[name]
          const metric = prefix === '' ? name : `${prefix}.${name}`
          if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
            if (depth >= maxDepth) throw new LimenError('BAD_INPUT', `values: objects may be nested ${maxDepth} deep`)
            walk(value, metric, depth + 1)
            continue
          }
          const reading = admit(trackOf(device, metric), value, message)
          if (reading !== undefined) found.push(reading)
        }
      }
      const { values } = line
      if (typeof values !== 'object' || values === null || Array.isArray(values)) throw new LimenError('BAD_INPUT', '`values` is no object', { remedy: 'write e.g. "values":{"heart_rate":70,"spo2":97}' })
      walk(values, '', 1)
      return found
    },
    meet(device, { settings }) {
      if (devices.has(device)) return false
      devices.set(device, { settings, tracks: new Map() })
      return true
    },
    knows: (device) => devices.has(device),
    counts: () => ({ readings, duplicates }),
  }
}

export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Virtual time may lie before 1970. */
function eventTime(given: unknown): number {
  if (typeof given === 'number' && Number.isFinite(given)) return Math.round(given)
  const ts = readTs(given)
  if (isFault(ts)) throw new LimenError('BAD_INPUT', ts.detail)
  return ts!
}

function counter(given: unknown): number | undefined {
  const seq = readSeq(given)
  if (isFault(seq)) throw new LimenError('BAD_INPUT', seq.detail)
  return seq
}

function unitOf(given: unknown): string | undefined {
  if (given === null || given === '') return undefined
  if (typeof given === 'string') return given.slice(0, 64)
  throw new LimenError('BAD_INPUT', `unit: ${JSON.stringify(given)} is no text`, { remedy: 'write a UCUM code such as "Cel", or leave it out' })
}

/** JSON knows neither NaN nor infinities; they come as texts. What is no scalar has bad quality. */
function valueOf(given: unknown): { value: Value; quality: Quality } {
  const read = readValue(given, 'value')
  return 'reason' in read ? { value: JSON.stringify(given).slice(0, 100), quality: 'bad' } : read
}
