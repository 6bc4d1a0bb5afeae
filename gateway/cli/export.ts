import type { CloudEvent } from '../kernel/event.ts'
import { createNames } from '../kernel/names.ts'
import type { LogFile, LogFileQuery } from '../store/log-file.ts'
import { openLogFile } from '../store/log-file.ts'
import type { CliDeps } from './deps.ts'
import type { ExportFormat } from './export-format.ts'
import { csv, lineProtocol, ndjson } from './export-format.ts'
import { readArguments, usage } from './usage.ts'
import { parseTime, writeOut } from './write-out.ts'

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
  const [from, to] = [parseTime('--from', given.text('from')), parseTime('--to', given.text('to'))]
  if (from !== undefined && to !== undefined && from >= to) throw usage(`--from of "${command}" is not before --to`, 'write the earlier time as --from')
  const query: LogFileQuery = { device: given.text('device'), metric: given.text('metric'), from, to }

  const data = given.text('data')
  const config = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  const writing = format === 'csv' ? csv : format === 'ndjson' ? ndjson : await lineProtocol(config.influx?.measurement ?? 'reading')
  const log = openLogFile(config.dataDir)
  try {
    await writeOut(alarms ? alarmLines(log, { ...query, rule }, writing) : readingLines(log, query, writing), deps.stdout)
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
  const rules = rule === undefined ? undefined : createNames(rule)
  const wanted = (event: CloudEvent): boolean => {
    const time = Date.parse(event.time)
    const data = (event.data ?? {}) as { device?: unknown; metric?: unknown; rule?: unknown }
    return time >= from && time < to && (rules === undefined || data.rule === rule || rules.match(String(data.rule))) && (device === undefined || data.device === device) && (metric === undefined || data.metric === metric)
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
