import { createAlarmStage } from '../gateway/alarm-stage.ts'
import type { Reading, Series } from '../gateway/kernel/reading.ts'
import type { Rule } from '../gateway/kernel/rule.ts'
import { kinds } from '../gateway/rules/kinds.ts'

/**
 * What a reading costs in the rules, with 10 and with 10,000 rules loaded of which three concern it.
 * `node bench/rules.ts` prints a table and a line of JSON. Goals: ratio ≤ 1.2, ≥ 500,000 level evaluations/s.
 */
const seriesCount = 100
const concerning = 3
const rounds = 9
const readingsPerRound = 300_000

function rule(id: string, metric: string): Rule {
  return {
    id, class: 'process', on: { metric }, when: { kind: 'level', spec: { form: 'limits', limits: { lo: -50, hi: 80, hihi: 90 }, hysteresis: 2 } },
    forMs: 0, clearForMs: 0, staleMs: undefined, unit: undefined, priority: 'medium', latch: false, ack: 'required', key: 'device', schedule: undefined, realarmMs: undefined, escalateMs: [], message: '{metric} {value}', then: [],
    mode: 'live', source: { file: 'bench', line: 1 }, version: '1', conditionVersion: '1',
  }
}

const series: Series[] = Array.from({ length: seriesCount }, (_, id) => ({ id, device: `device-${id}`, metric: 'temperature', storedId: id }))
/** Values that change nothing, one message each; all of one time, so that none is late when they come round again. */
const messages: (readonly Reading[])[] = Array.from({ length: 20_000 }, (_, i) => [
  { series: series[i % seriesCount]!, value: 20 + (i % 500) / 10, quality: 'good', unit: undefined, ts: 0, tsGiven: true, seq: i, receivedAt: 0, k: 0 },
])

function createSubject(loaded: number): (count: number) => number {
  const stage = createAlarmStage({ kinds }, {
    state: { put() {}, delete() {}, onDisk: (callback) => callback(null) },
  })
  const rules = Array.from({ length: loaded }, (_, i) => rule(`rule-${i}`, i < concerning ? 'temperature' : `other-${i}`))
  stage.replaceRules(rules, { at: 0, wallMs: 0 })
  let at = 0
  return (count) => {
    const began = performance.now()
    let transitions = 0
    for (let i = 0; i < count; i++) {
      // 10 readings a millisecond; a fresh `times` for each, as the pipeline has it.
      at += 0.1
      const times = { at, wallMs: at }
      if (stage.nextDue() <= at) stage.advance(times)
      transitions += stage.evaluate(messages[i % messages.length]!, times).length
    }
    if (transitions > 0 || stage.lateReadings() > 0) throw new Error('the load was to change nothing')
    return (performance.now() - began) * 1e6 / count
  }
}

const few = createSubject(10)
const many = createSubject(10_000)
few(readingsPerRound)
many(readingsPerRound)
const nsFew: number[] = []
const nsMany: number[] = []
// Turn and turn about, so that what else the machine does falls on both.
for (let i = 0; i < rounds; i++) {
  nsFew.push(few(readingsPerRound))
  nsMany.push(many(readingsPerRound))
}
const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1]!
const result = {
  nsPerReadingWith10: Math.round(median(nsFew)),
  nsPerReadingWith10000: Math.round(median(nsMany)),
  ratio: Number((median(nsMany) / median(nsFew)).toFixed(2)),
  evaluationsPerSecond: Math.round((concerning * 1e9) / median(nsMany)),
}
console.log(`rules loaded   ns per reading (3 rules concern it)\n          10   ${result.nsPerReadingWith10}\n      10,000   ${result.nsPerReadingWith10000}`)
console.log(`ratio ${result.ratio} (goal ≤ 1.2), ${result.evaluationsPerSecond.toLocaleString('en')} level evaluations/s (goal ≥ 500,000)`)
console.log(JSON.stringify(result))
