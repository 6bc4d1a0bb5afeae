import type { CloudEvent } from '../kernel/event.ts'
import type { StoredReading } from '../kernel/reading.ts'

/** How one format writes readings and alarm events: a header (or nothing) and a line each, without newline; undefined: nothing to write. */
export interface ExportFormat {
  readonly readingHeader: string | undefined
  readonly alarmHeader: string | undefined
  reading(reading: StoredReading): string | undefined
  alarm(event: CloudEvent): string | undefined
}

export const ndjson: ExportFormat = {
  readingHeader: undefined,
  alarmHeader: undefined,
  reading: ({ device, metric, ts, value, unit, quality, seq, k, receivedAt, tsGiven, labels, position }) =>
    JSON.stringify({ device, metric, ts, value, unit: unit ?? null, quality, seq: seq ?? null, k, receivedAt, tsGiven, labels, position }),
  alarm: (event) => JSON.stringify(event),
}

const readingColumns = ['device', 'metric', 'ts', 'value', 'unit', 'quality', 'seq', 'k', 'receivedAt', 'labels', 'position'] as const
const alarmColumns = [
  'event', 'id', 'class', 'rule', 'key', 'device', 'metric', 'from', 'state', 'overlays', 'level', 'priority', 'value', 'unit', 'limit', 'quality',
  'message', 'occurrence', 'seq', 'by', 'note', 'raisedAt', 'acknowledgedAt', 'acknowledgedBy', 'shelvedUntil',
] as const

/** RFC 4180, UTF-8; times of readings in ms since 1970, of alarms in RFC 3339. */
export const csv: ExportFormat = {
  readingHeader: readingColumns.join(),
  alarmHeader: ['time', ...alarmColumns].join(),
  reading: (reading) => readingColumns.map((column) => cell(reading[column])).join(),
  alarm(event) {
    const data = (event.data ?? {}) as Readonly<Record<string, unknown>>
    return [event.time, ...alarmColumns.map((column) => data[column])].map(cell).join()
  },
}

/** Empty for what is missing; lists separated by blanks; other structure as JSON. */
function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** InfluxDB line protocol, as the gateway itself writes to InfluxDB. Loads the client library, whose escaping it uses. */
export async function lineProtocol(measurement: string): Promise<ExportFormat> {
  const [{ escape }, { createLineWriter }] = await Promise.all([import('@influxdata/influxdb-client'), import('../influx/line.ts')])
  const writer = createLineWriter(measurement, escape)
  return { readingHeader: undefined, alarmHeader: undefined, reading: (reading) => writer.line(reading), alarm: () => undefined }
}
