import type { CloudEvent } from './event.ts'

/** Of the data of an alarm's event, in this order, after the time: who did what to which alarm, why, and how it stood then. */
const alarmColumns = [
  'event', 'id', 'class', 'rule', 'key', 'device', 'metric', 'from', 'state', 'overlays', 'level', 'priority', 'value', 'unit', 'limit', 'quality',
  'message', 'occurrence', 'seq', 'by', 'note', 'reason', 'raisedAt', 'acknowledgedAt', 'acknowledgedBy', 'shelvedUntil', 'ruleVersion', 'levelUp', 'shadow',
] as const

export const alarmCsvHeader = ['time', ...alarmColumns].join()

/** One step of an alarm as a line of CSV, without its end. Times in RFC 3339. */
export function alarmCsvLine({ time, data }: CloudEvent): string {
  const members = (data ?? {}) as Readonly<Record<string, unknown>>
  return [time, ...alarmColumns.map((column) => members[column])].map(csvCell).join()
}

/** RFC 4180. Empty for what is missing; lists separated by blanks; other structure as JSON. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
