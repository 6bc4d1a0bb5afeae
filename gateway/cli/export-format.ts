import { alarmCsvHeader, alarmCsvLine, csvCell } from '../kernel/csv.ts'
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

/** RFC 4180, UTF-8; times of readings in ms since 1970, of alarms in RFC 3339. */
export const csv: ExportFormat = {
  readingHeader: readingColumns.join(),
  alarmHeader: alarmCsvHeader,
  reading: (reading) => readingColumns.map((column) => csvCell(reading[column])).join(),
  alarm: alarmCsvLine,
}

/** InfluxDB line protocol, as the gateway itself writes to InfluxDB. Loads the client library, whose escaping it uses. */
export async function lineProtocol(measurement: string): Promise<ExportFormat> {
  const [{ escape }, { createLineWriter }] = await Promise.all([import('@influxdata/influxdb-client'), import('../influx/line.ts')])
  const writer = createLineWriter(measurement, escape)
  return { readingHeader: undefined, alarmHeader: undefined, reading: (reading) => writer.line(reading), alarm: () => undefined }
}
