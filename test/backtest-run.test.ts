import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concernOf } from '../gateway/backtest-concern.ts'
import type { LogRunOptions } from '../gateway/backtest-run.ts'
import { runOverLog } from '../gateway/backtest-run.ts'
import { warmUpMs } from '../gateway/backtest-warm-up.ts'
import type { BacktestSummary, LogLine } from '../gateway/kernel/backtest.ts'
import type { ConfiguredDevice } from '../gateway/kernel/configured-devices.ts'
import { createConfiguredDevices } from '../gateway/kernel/configured-devices.ts'
import { openLogFile } from '../gateway/store/log-file.ts'
import { rulesOf } from './support/timeline.ts'
import type { WrittenLog } from './support/written-log.ts'
import { writeLog } from './support/written-log.ts'

const configured = createConfiguredDevices(new Map<string, ConfiguredDevice>())
const hot = rulesOf('- { id: hot, on: { metric: t }, when: { above: 80 } }')
const minute = 60
const hour = 3_600

interface Ran { readonly lines: readonly LogLine[]; readonly told: readonly string[]; readonly summary: BacktestSummary; readonly beginsAt: number | undefined; readonly wallMs: number }

function run(log: WrittenLog, options: Partial<LogRunOptions> = {}): Ran {
  const file = openLogFile(log.dir)
  try {
    const ran = runOverLog(file, { rules: undefined, from: -Infinity, to: Infinity, configured, ...options })
    const lines = [...ran.lines()].flat()
    const told = lines.map(({ wallMs, rule, key, event }) => `${(wallMs - log.wall(0)) / 1_000} ${rule} ${key} ${event}`)
    return { lines, told, summary: ran.summary(), beginsAt: ran.beginsAt, wallMs: ran.wallMs() }
  } finally {
    file.close()
  }
}

/** As `POST rules/backtest` has it. */
const alone = (rules: LogRunOptions['rules'], nowMs: number): NonNullable<LogRunOptions['alone']> => ({ ...concernOf(rules!, []), nowMs })

/** Two devices, a value each every minute. */
function minutes(log: WrittenLog, count: number, value: (m: number) => number): void {
  log.mark(0, { kind: 'start', aliveAt: null, aliveWallMs: null, version: '1' })
  log.device(0, 'oven')
  log.device(0, 'door')
  for (let m = 0; m < count; m++) {
    log.message(m * minute, 'oven', { t: value(m), other: 1 })
    log.message(m * minute + 1, 'door', { open: m % 2 === 0 })
    log.commit(m * minute + 2)
  }
}

describe('a run over the log', () => {
  it('runs the rules that ran, and tells and counts what lies in the span', () => {
    const log = writeLog()
    log.rules(0, hot)
    minutes(log, 60, (m) => (m % 10 === 5 ? 90 : 20))
    log.close()
    const whole = run(log)
    expect(whole.told.slice(0, 3)).toEqual(['300 hot oven raised', '360 hot oven returned', '900 hot oven reraised'])
    expect(whole.summary).toMatchObject({ readings: 180, transitions: 12, alarms: 6, shorterThan30s: 0 })
    const part = run(log, { from: log.wall(900), to: log.wall(1_560) })
    expect(part.told).toEqual(['900 hot oven reraised', '960 hot oven returned', '1500 hot oven reraised'])
    // From minute 15 up to, and not with, minute 26.
    expect(part.summary).toMatchObject({ readings: 33, transitions: 3, alarms: 2 })
    expect(part.wallMs).toBe(log.wall(1_560))
  })

  it('of other rules begins before the span, so that their windows are full at its beginning', () => {
    const log = writeLog()
    log.rules(0, hot)
    minutes(log, 5 * 60, (m) => (m < 60 ? 100 : 40))
    log.close()
    const rules = rulesOf('- { id: mean, on: { metric: t }, when: { aggregate: { fn: avg, window: { sliding: 2h }, gt: 60 } } }')
    // At 2:10 the mean of two hours is still high, that of ten minutes is not.
    const { lines, told } = run(log, { rules, from: log.wall(2 * hour + 10 * minute), to: log.wall(4 * hour) })
    expect(told[0]).toBe(`${2 * hour + 10 * minute} mean oven raised`)
    expect(lines[0]).toMatchObject({ from: 'normal', to: 'unacked', reason: expect.stringMatching(/^up since 2026-11-25T08:/) as string })
    expect(told.slice(1)).toEqual([expect.stringMatching(/^\d+ mean oven returned$/)])
    expect(run(log, { rules, from: log.wall(2 * hour + 10 * minute), to: log.wall(4 * hour), alone: alone(rules, log.wall(5 * hour)) }).told).toEqual(told)
  })

  it('tells an alarm that is up before the span begins once, at its level of then, and none that had ended', () => {
    const log = writeLog()
    minutes(log, 120, (m) => (m < 100 ? 85 : 95))
    log.close()
    const rules = rulesOf('- { id: level, on: { metric: t }, when: { level: { hi: 80, hihi: 90 } } }\n- { id: cold, on: { metric: t }, when: { below: 20 } }')
    const { lines, summary } = run(log, { rules, from: log.wall(110 * minute), to: log.wall(115 * minute) })
    expect(lines).toEqual([expect.objectContaining({ wallMs: log.wall(110 * minute), rule: 'level', event: 'raised', level: 'hihi', value: 95 })])
    expect(summary).toMatchObject({ alarms: 1, transitions: 1 })
  })

  it('goes on to the end of the span where nothing comes any more, as far as the gateway lived', () => {
    const log = writeLog()
    minutes(log, 60, () => 20)
    log.commit(61 * minute)
    log.close()
    const rules = rulesOf('- { id: quiet, on: { device: oven }, when: { absent: { after: 10min } } }')
    const span = { rules, from: log.wall(30 * minute), to: log.wall(2 * hour) }
    // Of a data directory alone it is not known that it lived on.
    expect(run(log, span).told).toEqual([])
    expect(run(log, { ...span, alone: alone(rules, log.wall(2 * hour)) }).told).toEqual([`${69 * minute} quiet oven raised`])
    expect(run(log, { ...span, alone: alone(rules, log.wall(65 * minute)) }).told).toEqual([])
  })

  it('knows that no time passed while the gateway was down', () => {
    const log = writeLog()
    minutes(log, 60, () => 20)
    // Dead from 1:00:00 on; back an hour later, in monotonic time a moment.
    log.mark(2 * hour, { kind: 'start', aliveAt: hour * 1_000, aliveWallMs: log.wall(hour), version: '1' })
    log.message(2 * hour + 5, 'oven', { t: 20, other: 1 })
    log.commit(2 * hour + 6)
    log.close()
    const rules = rulesOf('- { id: quiet, on: { device: oven }, when: { absent: { after: 10min } } }')
    expect(run(log, { rules, from: log.wall(30 * minute), to: log.wall(100 * minute), alone: alone(rules, log.wall(3 * hour)) }).told).toEqual([])
    expect(run(log, { rules, from: log.wall(30 * minute), to: log.wall(100 * minute) }).told).toEqual([])
  })

  it('of rules alone leaves out what operators did, the gateway’s own conditions, and sensors', () => {
    const log = writeLog()
    log.rules(0, hot)
    minutes(log, 60, (m) => (m === 30 ? 90 : 20))
    log.message(61 * minute, 'oven', { t: 20 })
    log.mark(61 * minute, { kind: 'action', ok: true, verb: 'ack', rule: 'hot', key: 'oven', by: 'ann' })
    log.mark(61 * minute, { kind: 'technical', condition: { rule: 'technical.influx', active: true, message: 'away' } })
    log.message(62 * minute, 'oven', { t: 90 }, { ts: log.wall(0) })
    log.commit(63 * minute)
    log.close()
    const span = { rules: hot, from: log.wall(0), to: log.wall(2 * hour) }
    expect(run(log, span).told).toEqual(['1800 hot oven raised', '1860 hot oven returned', '3660 hot oven acked', '3660 hot oven cleared', '3660 technical.influx gateway raised', '3720 technical.clock-suspect oven raised', '3720 hot oven raised'])
    expect(run(log, { ...span, alone: alone(hot, log.wall(2 * hour)) }).told).toEqual(['1800 hot oven raised', '1860 hot oven returned', '3720 hot oven reraised', '3900 hot oven quality-changed'])
  })

  it('hears application events where a rule does', () => {
    const log = writeLog()
    minutes(log, 3, () => 20)
    for (let s = 200; s < 206; s++) log.heard(s, 'login.failed', { card: 'a' })
    log.commit(210)
    log.close()
    const rules = rulesOf('- { id: tries, on: { event: "login.*" }, key: data.card, when: { frequency: { gt: 5, in: 1min } } }')
    expect(concernOf(rules, []).events).toBe(true)
    expect(concernOf(hot, []).events).toBe(false)
    expect(run(log, { rules, from: log.wall(0), to: log.wall(240), alone: alone(rules, log.wall(240)) }).told).toEqual(['205 tries a raised'])
  })

  it('begins where retention left off with the rules and devices of then', () => {
    const log = writeLog()
    const other = rulesOf('- { id: hot, on: { metric: t }, when: { above: 50 } }')
    log.rules(0, hot)
    log.revision('hot', { revision: 1, rule: hot[0]!, s: 0 })
    minutes(log, 60, (m) => (m % 10 === 5 ? 90 : m % 10 === 8 ? 60 : 20))
    log.rules(hour, other, { whole: false })
    log.revision('hot', { revision: 2, rule: other[0]!, s: hour })
    log.message(hour + 5, 'oven', { t: 60 })
    log.commit(hour + 6)
    log.thin(40 * minute)
    log.close()
    const { told, beginsAt } = run(log)
    expect(told).toEqual(['2700 hot oven raised', '2760 hot oven returned', '3300 hot oven reraised', '3360 hot oven returned', '3600 hot oven retired', '3605 hot oven raised'])
    expect(beginsAt).toBe(log.wall(40 * minute))
    // Other rules need to know of devices, too.
    const quiet = rulesOf('- { id: quiet, on: { device: "*" }, when: { absent: { after: 2min } } }')
    expect(run(log, { rules: quiet, from: log.wall(50 * minute), to: log.wall(2 * hour) }).lines.map(({ key }) => key)).toEqual([])
    expect(run(log, { rules: quiet, from: log.wall(0), to: log.wall(2 * hour), alone: alone(quiet, log.wall(2 * hour)) }).told.toSorted()).toEqual(['3661 quiet door raised', '3725 quiet oven raised'].toSorted())
  })

  it('of rules alone says what the run over everything says of them, whatever lies between', () => {
    const rules = rulesOf(`
      - { id: hot, on: { metric: t, device: "d*" }, when: { level: { hi: 70, hihi: 90, hysteresis: 5 } }, for: 20s }
      - { id: both, on: { device: "d*" }, when: { all: [{ metric: t, gt: 50 }, { metric: u, gt: 50 }] } }
      - { id: quiet, on: { device: "d1", metric: u }, when: { absent: { after: 3min } } }
      - { id: mean, on: { metric: u }, when: { aggregate: { fn: avg, window: { sliding: 2min }, gt: 60 } } }
    `)
    const step = fc.record({ after: fc.integer({ min: 0, max: 90 }), device: fc.integer({ min: 0, max: 2 }), metrics: fc.uniqueArray(fc.constantFrom('x', 't', 'u', 'y'), { minLength: 1, maxLength: 4 }), value: fc.integer({ min: 0, max: 100 }), commit: fc.boolean(), down: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { minLength: 5, maxLength: 80 }), (steps) => {
      const log = writeLog({ rowsPerSpan: 3 })
      const known = new Set<string>()
      log.mark(0, { kind: 'start', aliveAt: null, aliveWallMs: null, version: '1' })
      let s = 1
      for (const { after, device, metrics, value, commit, down } of steps) {
        s += after
        const id = `${device === 2 ? 'e' : 'd'}${device}`
        if (!known.has(id)) log.device(s, id)
        known.add(id)
        if (down && value < 10) log.mark(s, { kind: 'start', aliveAt: s * 1_000, aliveWallMs: log.wall(s), version: '1' })
        log.message(s, id, Object.fromEntries(metrics.map((metric, i) => [metric, (value + i * 20) % 101])))
        if (commit) log.commit(s)
      }
      log.commit(s)
      log.close()
      const span = { rules, from: log.wall(0), to: log.wall(s + 600) }
      const told = run(log, { ...span, alone: alone(rules, log.wall(s)) }).told
      expect(told).toEqual(run(log, { ...span, to: Infinity }).told.filter((line) => !line.includes('technical.')))
    }), { numRuns: 60 })
  })
})

describe('a warm-up', () => {
  it.each([
    ['when: { above: 1 }', 10 * minute],
    ['when: { above: 1 }\n  for: 20min\n  stale: 5min', 25 * minute],
    ['when: { aggregate: { fn: avg, window: { sliding: 3h }, gt: 1 } }\n  clearFor: 1min', 3 * hour + minute],
    ['when: { aggregate: { fn: max, window: { session: { gap: 10min, max: 2h } }, gt: 1 } }', 2 * hour + 10 * minute],
    ['when: { anomaly: { method: ewma, alpha: 0.1, z: 4, warmup: 100, sigmaFloor: 1 } }', hour],
    ['when: { absent: { after: 1h, grace: 1h } }', 2 * hour],
    ['when: { flat: { eps: 0.1, span: 7d } }', 24 * hour],
  ])('for %s is so long', (text, seconds) => {
    expect(warmUpMs(rulesOf(`- id: r\n  on: { metric: m }\n  ${text}`))).toBe(seconds * 1_000)
  })
})
