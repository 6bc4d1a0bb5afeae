import { once } from 'node:events'
import type { CloudEvent } from '../kernel/event.ts'
import type { LogFile, LogFileQuery } from '../store/log-file.ts'
import { openLogFile } from '../store/log-file.ts'
import type { CliDeps } from './deps.ts'
import type { ExportFormat } from './export-format.ts'
import { csv, lineProtocol, ndjson } from './export-format.ts'
import { readArguments, usage } from './usage.ts'

const formats = ['csv', 'ndjson', 'lp'] as const
const command = 'limen export'

/**
 * `limen export [--config FILE] [--from T] [--to T] [--device D] [--metric M] [--alarms [--rule R]] --format csv|ndjson|lp`:
 * readings by event time, or the alarm journal by the events' time, in log order, to standard output.
 * Reads the data directory itself, whether a gateway runs on it or not. Ends quietly when nobody reads on.
 */
export async function exportCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const value = (name: string): { value: string } => ({ value: name })
  const given = readArguments(args, {
    command,
    options: { config: value('FILE'), data: value('DIR'), from: value('T'), to: value('T'), device: value('D'), metric: value('M'), alarms: {}, rule: value('R'), format: value('csv|ndjson|lp') },
  })
  const format = formats.find((known) => known === given.text('format'))
  if (format === undefined) {
    throw usage(given.has('format') ? `there is no format "${given.text('format')}"` : `"${command}" needs a format`, 'write --format csv, ndjson or lp')
  }
  const alarms = given.has('alarms')
  if (alarms && format === 'lp') throw usage('the alarm journal has no line protocol', 'write --alarms --format ndjson or csv')
  const rule = given.text('rule')
  if (rule !== undefined && !alarms) throw usage('readings are of no rule', `write --alarms --rule ${rule}`)
  const query: LogFileQuery = { device: given.text('device'), metric: given.text('metric'), from: parseTime('--from', given.text('from')), to: parseTime('--to', given.text('to')) }

  const data = given.text('data')
  const config = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const writing = format === 'csv' ? csv : format === 'ndjson' ? ndjson : await lineProtocol(config.influx?.measurement ?? 'reading')
  const log = openLogFile(config.dataDir)
  try {
    await writeAll(alarms ? alarmLines(log, { ...query, rule }, writing) : readingLines(log, query, writing), deps.stdout)
    if (log.damagedRows() > 0) deps.stderr.write(`limen: ${log.damagedRows()} damaged rows of the log were passed over\n`)
  } finally {
    log.close()
  }
  return 0
}

function* readingLines(log: LogFile, query: LogFileQuery, format: ExportFormat): Iterable<string> {
  if (format.readingHeader !== undefined) yield `${format.readingHeader}\n`
  for (const readings of log.readings(query)) yield textOf(readings, (reading) => format.reading(reading))
}

function* alarmLines(log: LogFile, { from = -Infinity, to = Infinity, device, metric, rule }: LogFileQuery & { readonly rule: string | undefined }, format: ExportFormat): Iterable<string> {
  if (format.alarmHeader !== undefined) yield `${format.alarmHeader}\n`
  const wanted = (event: CloudEvent): boolean => {
    const time = Date.parse(event.time)
    const data = (event.data ?? {}) as { device?: unknown; metric?: unknown; rule?: unknown }
    return time >= from && time < to && (rule === undefined || data.rule === rule) && (device === undefined || data.device === device) && (metric === undefined || data.metric === metric)
  }
  for (const events of log.events('limen.alarm.')) yield textOf(events.filter(wanted), (event) => format.alarm(event))
}

function textOf<T>(items: readonly T[], line: (item: T) => string | undefined): string {
  let text = ''
  for (const item of items) {
    const one = line(item)
    if (one !== undefined) text += `${one}\n`
  }
  return text
}

/** Waits for whoever reads; ends without a word when they have gone (`| head`). */
async function writeAll(chunks: Iterable<string>, stream: NodeJS.WritableStream): Promise<void> {
  const gone = new AbortController()
  let failure: unknown
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') failure = error
    gone.abort()
  }
  stream.on('error', onError)
  try {
    for (const text of chunks) {
      if (gone.signal.aborted) break
      if (text !== '' && !stream.write(text)) await once(stream, 'drain', { signal: gone.signal })
    }
  } catch (error) {
    if (!gone.signal.aborted) throw error
  } finally {
    stream.off('error', onError)
  }
  if (failure !== undefined) throw failure
}

/** ISO 8601 (without a zone: UTC) or ms since 1970. */
function parseTime(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^-?\d{1,16}$/.test(text)) return Number(text)
  const match = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?([Zz]|[+-]\d\d:?\d\d)?$/.exec(text)
  const time = match === null ? NaN : Date.parse(`${match[1]}T${match[2] ?? '00:00'}${match[3]?.toUpperCase() ?? 'Z'}`)
  if (Number.isNaN(time)) throw usage(`"${text}" is no time`, `write ${option} 2026-11-20T08:00:00Z, or ms since 1970`)
  return time
}
