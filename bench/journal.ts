/**
 * What questions of a long journal cost, and how long they keep the main thread: key figures, search, evidence.
 * node bench/journal.ts [--events 100000] [--days 30] [--between 2] [--dir DIR]
 * `between`: commits without events between two with one.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createKpis } from '../gateway/alarms/kpi-desk.ts'
import type { Alarm } from '../gateway/kernel/alarm.ts'
import type { Clock } from '../gateway/kernel/clock.ts'
import { systemClock } from '../gateway/kernel/clock.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { createStore } from '../gateway/store/store.ts'
import { createEventFilter } from '../gateway/web/event-filter.ts'
import { createEventPages } from '../gateway/web/event-pages.ts'
import { readOccurrence } from '../gateway/web/evidence-journal.ts'

const { values } = parseArgs({ options: { events: { type: 'string', default: '100000' }, days: { type: 'string', default: '30' }, between: { type: 'string', default: '2' }, dir: { type: 'string', default: '.' } } })
const events = Number(values.events)
const spanMs = Number(values.days) * 86_400_000
const startMs = Date.now() - spanMs
const alarms = 500
const series = { id: 0, device: 'bed-0', metric: 'heart_rate', storedId: 1 }

let wallMs = startMs
const clock: Clock = { ...systemClock, wall: () => wallMs }
const directory = mkdtempSync(join(values.dir, 'limen-bench-journal-'))
const store = createStore({ directory, commitWindowMs: 1, retention: { readingsMaxAgeMs: 2 * spanMs } }, { clock, onFatal: (error) => { throw error } })

const committed = (): Promise<void> => new Promise((resolve, reject) => {
  store.urgent()
  store.onDisk((error) => (error === null ? resolve() : reject(error)))
})

/** Alarms that are raised, acknowledged and cleared in turn, by a few people. */
function alarmEvent(n: number): void {
  const round = Math.floor(n / alarms)
  const key = `bed-${n % alarms}`
  const event = (['raised', 'acked', 'cleared'] as const)[round % 3]!
  const at = new Date(wallMs).toISOString()
  const alarm: Alarm = {
    id: `hr-high~${key}`, key, class: 'process', rule: `hr-high-${n % 20}`, device: key, metric: 'heart_rate', state: event === 'raised' ? 'unacked' : event === 'acked' ? 'acked' : 'normal',
    active: event !== 'cleared', overlays: [], level: 'hi', priority: 'medium', value: 140, unit: '/min', limit: 130, message: `Heart rate 140 on ${key}`, quality: 'good', restored: false,
    labels: { ward: 'east' }, occurrence: 1 + Math.floor(round / 3), seq: round, raisedAt: at, changedAt: at, acknowledgedAt: null, acknowledgedBy: null, shelvedUntil: null, idempotencyKey: `${key}/${round}`,
  }
  store.appendEvent({ specversion: '1.0', id: alarm.idempotencyKey, type: `limen.alarm.${event}`, source: 'bench', subject: key, time: at, datacontenttype: 'application/json', data: { ...alarm, from: 'normal', event, by: n % 997 === 0 ? 'ada' : 'bob', note: null, ruleVersion: 'v1' } })
}

async function fill(): Promise<void> {
  store.put('series', '1', JSON.stringify({ device: series.device, metric: series.metric, labels: {} }))
  for (let n = 0; n < events; n++) {
    for (let i = 0; i < Number(values.between); i++) {
      wallMs = Math.round(startMs + (spanMs * (n + i / Number(values.between))) / events)
      store.appendReading({ series, value: n, quality: 'good', unit: undefined, ts: wallMs, tsGiven: false, seq: undefined, receivedAt: wallMs, k: 0 }, 60)
      await committed()
    }
    alarmEvent(n)
    await committed()
  }
  wallMs = startMs + spanMs
}

/** CPU time of the main thread, ms. */
function mainCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** Runs it, and tells the time, CPU time (whatever else the machine does), and the most of it in one turn of the event loop. */
async function measure(name: string, work: () => Promise<string>): Promise<void> {
  let longest = 0
  let last = mainCpuMs()
  let running = true
  const tick = (): void => {
    const now = mainCpuMs()
    longest = Math.max(longest, now - last)
    last = now
    if (running) setImmediate(tick)
  }
  setImmediate(tick)
  const began = performance.now()
  const cpu = process.cpuUsage()
  const said = await work()
  const took = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  running = false
  process.stdout.write(`${name.padEnd(48)} ${took.toFixed(0).padStart(6)} ms, CPU ${((user + system) / 1_000).toFixed(0).padStart(6)} ms, longest turn ${longest.toFixed(1).padStart(5)} ms CPU  ${said}\n`)
}

try {
  await store.start()
  const began = performance.now()
  await fill()
  process.stdout.write(`${events} events over ${values.days} days, ${values.between} commits between two: written in ${((performance.now() - began) / 1_000).toFixed(0)} s, ${(store.health().sizeBytes / 1_048_576).toFixed(0)} MiB\n`)
  const kpis = createKpis({}, { store, alarms: { get: () => undefined, list: () => [] }, rules: () => [], clock, logger: silentLogger })
  const figures = (days: number, late = 0) => async (): Promise<string> => {
    const { annunciated } = await kpis.report({ from: wallMs - days * 86_400_000, to: wallMs + late, operators: 1 })
    return `${annunciated} announced`
  }
  for (const round of ['first', 'again']) {
    await measure(`key figures of ${values.days} days, ${round}`, figures(Number(values.days), round === 'first' ? 0 : 1))
    await measure(`key figures of 7 days, ${round}`, figures(7, round === 'first' ? 0 : 1))
    await measure(`key figures of the last day, ${round}`, figures(1, round === 'first' ? 0 : 1))
  }
  const pages = createEventPages({ store, site: 'bench' })
  for (const order of ['desc', 'asc']) {
    await measure(`search by=ada through all of it, ${order}`, async () => {
      const filter = createEventFilter({ types: 'limen.alarm.*', by: 'ada' })
      let found = 0
      let asked = 0
      for (let at: number | null = order === 'asc' ? 0 : Infinity; at !== null; asked++) {
        const { items, next }: { items: readonly unknown[]; next: string | null } = order === 'asc' ? await pages.oldestFirst(filter, { after: at, limit: 1_000 }) : await pages.newestFirst(filter, { before: at, limit: 1_000 })
        found += items.length
        at = next === null ? null : Number(next)
      }
      return `${found} found, ${asked} requests`
    })
  }
  await measure('search in the last day, desc', async () => {
    const { items, next } = await pages.newestFirst(createEventFilter({ types: 'limen.alarm.*', words: 'nothing', from: wallMs - 86_400_000 }), { before: Infinity, limit: 1_000 })
    return `${items.length} found, next ${next}`
  })
  await measure('journal of the first occurrence of an alarm', async () => `${(await readOccurrence(store, { alarm: 'hr-high~bed-7', occurrence: 1, raisedAt: undefined })).transitions.length} transitions`)
} finally {
  await store.stop()
  rmSync(directory, { recursive: true })
}
