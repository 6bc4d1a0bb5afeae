import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { KpiId } from '../../gateway/kernel/kpis.ts'

/** The definitions of docs/decisions/kpis.md, word by word, with no thought of cost, over the whole journal. */
export function kpisByHand(events: readonly CloudEvent[], { from, to, operators }: { from: number; to: number; operators: number }): { values: Record<KpiId, number | null>; floods: [number, number][]; stale: string[] } {
  interface Step { at: number; event: string; data: { id: string; from: string; state: string; overlays: string[]; priority: 'low' | 'medium' | 'high'; raisedAt: string; levelUp?: boolean; shadow?: boolean } }
  const steps = events.filter(({ type, data }) => type.startsWith('limen.alarm.') && (data as Step['data']).shadow !== true)
    .map(({ time, type, data }): Step => ({ at: Date.parse(time), event: type.slice('limen.alarm.'.length), data: data as Step['data'] }))
  const announces = ({ event, data }: Step): boolean => ['raised', 'reraised', 'realarmed'].includes(event) || (event === 'level-changed' && data.levelUp === true)
  const calls = (one: Step): boolean => announces(one) && (one.event !== 'level-changed' || one.data.from === 'acked')
  const inPeriod = (at: number): boolean => at >= from && at < to
  const announced = steps.filter((one) => announces(one) && inPeriod(one.at))
  const countIn = (all: readonly Step[], end: number, width: number): number => all.filter(({ at }) => at > end - width && at <= end).length
  const most = (all: readonly Step[], width: number): number => Math.max(0, ...all.map(({ at }) => countIn(all, at, width)))

  const tenMinutes = 600_000
  const moments = [...new Set(announced.flatMap(({ at }) => [at, at + tenMinutes]))].filter((at) => at < to).sort((a, b) => a - b)
  const floods: [number, number][] = []
  let begun: number | undefined
  for (const at of moments) {
    const count = countIn(announced, at, tenMinutes)
    if (begun === undefined && count >= 10) begun = at
    if (begun !== undefined && count < 5) {
      floods.push([begun, at])
      begun = undefined
    }
  }
  if (begun !== undefined) floods.push([begun, to])

  const ids = [...new Set(steps.map(({ data }) => data.id))]
  const ofAlarm = (id: string) => announced.filter(({ data }) => data.id === id)
  const counts = ids.map((id) => ofAlarm(id).length).sort((a, b) => b - a)
  const stale = ids.filter((id) => {
    const last = steps.findLast(({ at, data }) => data.id === id && at < to)
    return last !== undefined && ['unacked', 'acked'].includes(last.data.state) && last.data.overlays.length === 0 && to - Date.parse(last.data.raisedAt) > 24 * 3_600_000
  })
  const acks = steps.flatMap((one, index) => {
    if (one.event !== 'acked' || !inPeriod(one.at)) return []
    const before = steps.slice(0, index).filter(({ data }) => data.id === one.data.id)
    const waits = before.slice(before.findLastIndex(({ data }) => !['unacked', 'rtn-unacked', 'latched-unacked'].includes(data.state)) + 1)
    const call = waits.findLast(calls)
    return [one.at - (call !== undefined && call.at >= from ? call.at : Date.parse(one.data.raisedAt))]
  }).sort((a, b) => a - b)
  const told = events.filter(({ type, time }) => type === 'limen.delivery.delivered' && inPeriod(Date.parse(time)))
    .map(({ time, data }) => Date.parse(time) - Date.parse((data as { eventTime: string }).eventTime)).sort((a, b) => a - b)
  const rank = (sorted: readonly number[], p: number): number | null => (sorted.length === 0 ? null : sorted[Math.ceil(p * sorted.length) - 1]! / 1_000)
  const n = announced.length
  const percent = (part: number): number | null => (n === 0 ? null : (100 * part) / n)
  const rate = (unitMs: number): number => (n * unitMs) / (to - from) / operators
  const ofPriority = (priority: string): number => announced.filter(({ data }) => data.priority === priority).length
  return {
    floods,
    stale,
    values: {
      'annunciated-per-day': rate(24 * 3_600_000), 'annunciated-per-hour': rate(3_600_000), 'annunciated-per-10min': rate(tenMinutes),
      'peak-10min': most(announced, tenMinutes),
      'flood-share': (100 * floods.reduce((sum, [begin, end]) => sum + end - begin, 0)) / (to - from),
      'top-ten-share': percent(counts.slice(0, 10).reduce((sum, count) => sum + count, 0)),
      chattering: ids.filter((id) => most(ofAlarm(id), 60_000) >= 3).length,
      stale: stale.length,
      'priority-low': percent(ofPriority('low')), 'priority-medium': percent(ofPriority('medium')), 'priority-high': percent(ofPriority('high')),
      'ack-median': rank(acks, 0.5), 'ack-p95': rank(acks, 0.95), 'delivery-median': rank(told, 0.5), 'delivery-p95': rank(told, 0.95),
    },
  }
}
