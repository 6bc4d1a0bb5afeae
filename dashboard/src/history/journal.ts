import type { CloudEvent } from '../../../gateway/kernel/event.ts'

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
export function journalPath(query: URLSearchParams, { nowMs, ...more }: { nowMs: number; limit?: number; before?: string; format?: 'csv' }): string {
  const given = (name: string): string | undefined => query.get(name)?.trim() || undefined
  const spanMs = periods.find(([name]) => name === given('period'))?.[2]
  const asked = new URLSearchParams({ order: 'desc', type: `limen.alarm.${given('event') ?? '*'}` })
  for (const name of ['q', 'rule', 'device', 'priority', 'by']) {
    const value = given(name)
    if (value !== undefined) asked.set(name, value)
  }
  for (const name of ['from', 'to']) {
    const at = Date.parse(given(name) ?? '')
    if (spanMs === undefined && Number.isFinite(at)) asked.set(name, new Date(at).toISOString())
  }
  if (spanMs !== undefined) asked.set('from', new Date(nowMs - spanMs).toISOString())
  for (const [name, value] of Object.entries(more)) asked.set(name, String(value))
  return `events?${asked.toString()}`
}
