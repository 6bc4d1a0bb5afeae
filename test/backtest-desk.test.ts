import { describe, expect, it } from 'vitest'
import { createBacktestDesk } from '../gateway/backtest-desk.ts'
import type { BacktestDeskOptions } from '../gateway/backtest-desk.ts'
import type { TrialAnswer, TrialOrder } from '../gateway/kernel/backtest.ts'
import { systemClock } from '../gateway/kernel/clock.ts'
import type { ConfiguredDevice } from '../gateway/kernel/configured-devices.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { parseYaml } from '../gateway/kernel/yaml.ts'
import { readTables } from '../gateway/rules/load-tables.ts'
import { readZones } from '../gateway/rules/schema-zone.ts'
import { eventually } from './support/eventually.ts'
import type { WrittenLog } from './support/written-log.ts'
import { writeLog } from './support/written-log.ts'

const hour = 3_600
const site = parseYaml('tables:\n  - id: cold\n    version: "1"\n    maxAge: 5min\n    parameters: { t: { ranges: [{ to: 20, points: 0 }, { from: 21, points: 3 }] } }\n    bands: [{ level: spoiling, total: 3 }, { level: fine }]\nzones:\n  ward: { circle: { lat: 51.5, lon: -0.1, radius: 100m } }\n', 'site.yaml').documents

/** The desk, each trial in a real thread, over the log that was written. */
function deskOver(log: WrittenLog, options: Partial<BacktestDeskOptions> = {}, devices: readonly (readonly [string, Partial<ConfiguredDevice>])[] = []) {
  const problems: never[] = []
  const known = { targets: new Set(['nurse-call']), devices: new Map(devices.map(([id, of]) => [id, { type: null, labels: {}, settings: {}, ...of }])), tables: readTables(site, problems), zones: readZones(site, problems) }
  const desk = createBacktestDesk({ dataDir: log.dir, ...options }, { clock: systemClock, logger: silentLogger, site: () => known })
  const order = (rules: TrialOrder['rules'], from = 0, to = 2 * hour): TrialOrder => ({ rules, from: log.wall(from), to: log.wall(to) })
  async function tried(of: TrialOrder): Promise<TrialAnswer> {
    const outcome = await desk.try(of, new AbortController().signal)
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems))
    return JSON.parse(new TextDecoder().decode(outcome.json)) as TrialAnswer
  }
  return { desk, order, tried, problems }
}

/** A value a minute for two hours; over 80 for one minute in ten. */
function oven(): WrittenLog {
  const log = writeLog()
  log.mark(0, { kind: 'start', aliveAt: null, aliveWallMs: null, version: '1' })
  log.device(0, 'oven')
  for (let s = 0; s < 2 * hour; s += 60) {
    log.message(s, 'oven', { t: s % 600 === 300 ? 90 : 20, u: 1 })
    log.commit(s + 1)
  }
  log.close()
  return log
}

describe('trying rules on the log of a gateway', () => {
  it('says what they would have raised, from YAML and from JSON, also of a rule that is off', async () => {
    const { tried, order, problems } = deskOver(oven())
    expect(problems).toEqual([])
    const answer = await tried(order('rules:\n  - { id: hot, on: { metric: t }, when: { above: 80 }, mode: off }\n'))
    expect(answer).toMatchObject({ from: '2026-11-25T08:00:00.000Z', to: '2026-11-25T10:00:00.000Z', firstReadingAt: '2026-11-25T08:00:00.000Z', until: '2026-11-25T10:00:00.000Z', truncated: false, faulty: {}, summary: { readings: 120, transitions: 24, alarms: 12, shorterThan30s: 0, rejected: 0 } })
    expect(answer.items[0]).toEqual({ at: 300_000, wallMs: Date.UTC(2026, 10, 25, 8, 5), rule: 'hot', key: 'oven', device: 'oven', from: 'normal', to: 'unacked', event: 'raised', level: 'hi', value: 90, overlays: [], quality: 'good', occurrence: 1, reason: null })
    expect((await tried(order([{ id: 'hot', on: { metric: 't' }, when: { above: 80 } }], 600, 1_200))).items.map(({ event }) => event)).toEqual(['reraised', 'returned'])
  })

  it('says what is wrong with them, at its place, and takes what the site knows', async () => {
    const { desk, tried, order } = deskOver(oven())
    const wrong = async (rules: TrialOrder['rules']) => desk.try(order(rules), new AbortController().signal)
    expect(await wrong('- id: hot\n  on: { metric: t }\n  when: { abov: 80 }\n')).toMatchObject({ ok: false, problems: [{ line: 3, column: 11, path: 'rules[0].when.abov' }] })
    expect(await wrong([{ id: 'hot', on: { metric: 't' } }, 5])).toMatchObject({ ok: false, text: expect.stringMatching(/^rules: \[/) as string, problems: [{ path: 'rules[0]' }, { path: 'rules[1]' }] })
    expect(await wrong('- { id: hot, on: { metric: t }, when: { above: 80 }, then: [{ notify: nobody }] }')).toMatchObject({ ok: false, problems: [{ path: 'rules[0].then[0].notify' }] })
    expect(await wrong('# nothing yet')).toMatchObject({ ok: false, problems: [{ path: 'rules', message: 'there is no rule that can be tried' }] })
    await tried(order('- { id: hot, on: { metric: t }, when: { above: 80 }, then: [{ notify: nurse-call }] }'))
    await tried(order('- { id: away, on: { device: o* }, when: { geofence: { zone: ward, on: exit } } }'))
    const { items } = await tried(order('- { id: cold-score, on: { device: o* }, when: { score: { table: cold } } }'))
    expect(items[0]).toMatchObject({ rule: 'cold-score', event: 'raised', level: 'spoiling' })
  })

  it('says since when there is anything to look at', async () => {
    const { tried, order } = deskOver(oven())
    const since = async (metric: string, from: number): Promise<string | null> => (await tried(order(`- { id: hot, on: { metric: ${metric} }, when: { above: 80 } }`, from))).firstReadingAt
    expect(await since('t', -24 * hour)).toBe('2026-11-25T08:00:00.000Z')
    expect(await since('t', 90)).toBe('2026-11-25T08:02:00.000Z')
    expect(await since('nothing', 0)).toBeNull()
  })

  it('shows so many lines and counts all', async () => {
    const { tried, order } = deskOver(oven(), { mostLines: 5 })
    const answer = await tried(order('- { id: hot, on: { metric: t }, when: { above: 80 } }'))
    expect(answer.items.length).toBe(5)
    expect(answer).toMatchObject({ truncated: true, until: answer.to, summary: { transitions: 24, alarms: 12 } })
  })

  it('gives what it has when its time is up, and says how far it got', async () => {
    const { tried, order } = deskOver(oven(), { budgetMs: 0 })
    const answer = await tried(order('- { id: hot, on: { metric: t }, when: { above: 80 } }', hour))
    expect(answer.truncated).toBe(true)
    expect(Date.parse(answer.until)).toBeLessThan(Date.parse(answer.to))
    expect(Date.parse(answer.until)).toBeGreaterThanOrEqual(Date.parse(answer.from))
  })

  it('takes type and labels from the registry and the configuration', async () => {
    const log = writeLog()
    log.mark(0, { kind: 'start', aliveAt: null, aliveWallMs: null, version: '1' })
    log.device(0, 'a', { labels: { ward: 'east' } })
    log.device(0, 'b')
    for (let s = 0; s < hour; s += 60) {
      for (const id of ['a', 'b']) log.message(s, id, { t: s < 1_800 ? 20 : 90 })
      log.commit(s + 1)
    }
    log.close()
    const { tried, order } = deskOver(log, {}, [['b', { labels: { ward: 'east' } }]])
    // Of a log that is entered in its middle, where the marks of the devices do not stand.
    const { items } = await tried(order('- { id: hot, on: { metric: t, label: { ward: east } }, when: { above: 80 } }', 1_500, hour))
    expect(items.map(({ key }) => key).toSorted()).toEqual(['a', 'b'])
  })

  it('takes so many at once, and ends one whose caller has gone, and all when it stops', async () => {
    const { desk, order } = deskOver(oven(), { most: 1 })
    const caller = new AbortController()
    const rules = '- { id: hot, on: { metric: t }, when: { above: 80 } }'
    const first = desk.try(order(rules), caller.signal)
    await expect(desk.try(order(rules), new AbortController().signal)).rejects.toMatchObject({ code: 'OVERLOADED', remedy: expect.stringContaining('later') as string })
    caller.abort()
    await expect(first).rejects.toMatchObject({ code: 'STOPPING' })
    await eventually('the thread to be gone', () => desk.try(order(rules), new AbortController().signal).then(({ ok }) => ok, () => false))
    const last = desk.try(order(rules), new AbortController().signal)
    await desk.stop()
    await expect(last).rejects.toMatchObject({ code: 'STOPPING' })
    await expect(desk.try(order(rules), new AbortController().signal)).rejects.toMatchObject({ code: 'STOPPING' })
  })

  it('says so where there is no log', async () => {
    const { desk, order } = deskOver({ ...oven(), dir: '/nowhere' })
    await expect(desk.try(order('- { id: a, on: { metric: t }, when: { above: 1 } }'), new AbortController().signal)).rejects.toMatchObject({ message: expect.stringContaining('/nowhere') as string })
  })
})
