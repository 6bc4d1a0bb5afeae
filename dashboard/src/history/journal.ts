import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { AlarmStep } from '../alarms/happening.ts'

export type JournalEvent = CloudEvent & { readonly limenposition: number }

const min = 60_000
export const periods = [['1h', '1 h', 60 * min], ['24h', '24 h', 1_440 * min], ['7d', '7 d', 10_080 * min], ['30d', '30 d', 43_200 * min]] as const

/** What of the address narrows the journal; the rest of it is about the page. */
const filters = ['q', 'rule', 'device', 'priority', 'event', 'by', 'period', 'from', 'to'] as const

/** Equal for equal filters, however the address is written. */
export function filterKey(query: URLSearchParams): string {
  return filters.map((name) => query.get(name)?.trim() ?? '').join('\n')
}

export function isFiltered(query: URLSearchParams): boolean {
  return filters.some((name) => (query.get(name)?.trim() ?? '') !== '')
}

/** Takes every filter away. */
export const noFilter: Readonly<Record<string, undefined>> = Object.fromEntries(filters.map((name) => [name, undefined]))

/** What the gateway is asked: the alarm journal, newest first. Times in the address are of the browser's zone. */
export function journalPath(query: URLSearchParams, { nowMs, limit, before }: { nowMs: number; limit: number; before?: string | undefined }): string {
  const given = (name: string): string | undefined => query.get(name)?.trim() || undefined
  const spanMs = periods.find(([name]) => name === given('period'))?.[2]
  const asked = new URLSearchParams({ order: 'desc', type: `limen.alarm.${given('event') ?? '*'}`, limit: String(limit) })
  for (const name of ['q', 'rule', 'device', 'priority', 'by']) {
    const value = given(name)
    if (value !== undefined) asked.set(name, value)
  }
  for (const name of ['from', 'to']) {
    const at = Date.parse(given(name) ?? '')
    if (spanMs === undefined && Number.isFinite(at)) asked.set(name, new Date(at).toISOString())
  }
  if (spanMs !== undefined) asked.set('from', new Date(nowMs - spanMs).toISOString())
  if (before !== undefined) asked.set('before', before)
  return `events?${asked.toString()}`
}

const columns: readonly (readonly [string, (event: JournalEvent, step: AlarmStep) => unknown])[] = [
  ['time', ({ time }) => time], ['event', ({ type }) => type.slice('limen.alarm.'.length)], ['message', (_, step) => step.message], ['rule', (_, step) => step.rule],
  ['key', (_, step) => step.key], ['device', (_, step) => step.device], ['metric', (_, step) => step.metric], ['from', (_, step) => step.from], ['to', (_, step) => step.state],
  ['level', (_, step) => step.level], ['priority', (_, step) => step.priority], ['value', (_, step) => step.value], ['unit', (_, step) => step.unit], ['limit', (_, step) => step.limit],
  ['by', (_, step) => step.by], ['note', (_, step) => step.note], ['reason', (_, step) => step.reason], ['occurrence', (_, step) => step.occurrence], ['alarm', (_, step) => step.id],
]

/** RFC 4180, with the names of its columns. */
export function csvOf(events: readonly JournalEvent[]): string {
  const rows = [columns.map(([name]) => name), ...events.map((event) => columns.map(([, of]) => cell(of(event, event.data as AlarmStep))))]
  return rows.map((row) => `${row.join(',')}\r\n`).join('')
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  // What somebody typed must not become a formula of the spreadsheet that opens it.
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}
