import { createAlarmStage } from '../gateway/alarm-stage.ts'
import type { Reading, Series, Value } from '../gateway/kernel/reading.ts'
import { kinds } from '../gateway/rules/kinds.ts'
import { cel } from '../gateway/rules/kinds/cel.ts'
import { innerMetric } from '../gateway/rules/kinds/cel-walk.ts'
import { readRules } from '../gateway/rules/load.ts'
import { kindSchemas } from '../gateway/rules/schemas.ts'

/**
 * What a message costs under each kind over several signals, in the whole stage: 100 devices, two or three readings a message, one
 * rule; and under one alarm for all devices. Then what an expression costs alone. `node bench/kinds.ts` prints a table and a line of JSON.
 */
const devices = 100
const rounds = 5
const messagesPerRound = 50_000

const conditions: Readonly<Record<string, string>> = {
  all: 'all: [{ metric: a, gt: 120 }, { metric: b, lt: 90 }], maxAge: 60s',
  any: 'any: [{ metric: a, gt: 1200 }, { metric: b, lt: -90 }]',
  atLeast: 'atLeast: { n: 2, of: { metric: "?" }, gt: 1000 }',
  deviation: 'deviation: { of: { metric: b }, gt: 1000 }',
  sequence: 'sequence: [{ metric: a, gt: 1000 }, { not: { metric: b, gt: 0 } }], within: 20s',
  frequency: 'frequency: { gt: 5000, in: 1s }',
  geofence: 'geofence: { zone: { circle: { lat: 10, lon: 10, radius: 5000km } }, on: exit, lat: a, lon: b }',
  expression: 'expression: "a > b * 1.2 + 1000 && labels.wing == \'east\'"',
}

function readingsOf(metrics: readonly string[]): readonly (readonly Reading[])[] {
  const series = Array.from({ length: devices * metrics.length }, (_, id): Series => ({ id, device: `device-${Math.floor(id / metrics.length)}`, metric: metrics[id % metrics.length]!, storedId: id }))
  return Array.from({ length: 10_000 }, (_, i) => metrics.map((_metric, m): Reading => ({
    series: series[(i % devices) * metrics.length + m]!, value: 20 + ((i + m) % 50) / 10, quality: 'good', unit: undefined, ts: 0, tsGiven: false, seq: i, receivedAt: 0, k: 0,
  })))
}

function costOf(when: string, key: string): number {
  const { rules, problems } = readRules(`- { id: r, on: { metric: a, device: "*" }, key: ${key}, when: { ${when} } }`, 'bench', { kinds: kindSchemas, targets: new Set() })
  if (problems.length > 0) throw new Error(problems[0]!.message)
  const stage = createAlarmStage({ kinds }, { state: { put() {}, delete() {}, onDisk: (callback) => callback(null) } })
  stage.replaceRules(rules, { at: 0, wallMs: 0 })
  const messages = readingsOf(['a', 'b'])
  let at = 0
  const round = (): number => {
    const began = performance.now()
    for (let i = 0; i < messagesPerRound; i++) {
      at += 1
      const times = { at, wallMs: at }
      if (stage.nextDue() <= at) stage.advance(times)
      stage.evaluate(messages[i % messages.length]!, times)
    }
    return ((performance.now() - began) * 1e6) / messagesPerRound
  }
  round()
  return median(Array.from({ length: rounds }, round))
}

function expressionsPerSecond(text: string, metrics: Readonly<Record<string, Value>>): number {
  const compiled = cel.compile(text, 'readings')
  if (!compiled.ok) throw new Error(compiled.problems[0]!.message)
  const { evaluate, uses } = compiled.expression
  const variables = Object.assign(Object.create(null) as Record<string, unknown>, { metrics: new Map(Object.entries(metrics)), labels: new Map([['wing', 'east']]) }, Object.fromEntries(Object.entries(metrics).map(([name, value]) => [innerMetric(name), value])))
  const complete = uses.metrics.every((name) => Object.hasOwn(metrics, name))
  const count = complete ? 1_000_000 : 200_000
  const round = (): number => {
    const began = performance.now()
    for (let i = 0; i < count; i++) evaluate(variables, complete)
    return count / ((performance.now() - began) / 1_000)
  }
  round()
  return median(Array.from({ length: rounds }, round))
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!
}

const perMessage = Object.fromEntries(Object.entries(conditions).map(([name, when]) => [name, { perDevice: Math.round(costOf(when, 'device')), oneForAll: Math.round(costOf(when, 'rule')) }]))
const expressions = {
  'a > b * 1.2 && labels.wing == "east"': Math.round(expressionsPerSecond('a > b * 1.2 && labels.wing == "east"', { a: 150, b: 100 })),
  'the same, b missing': Math.round(expressionsPerSecond('a > b * 1.2 && labels.wing == "east"', { a: 150 })),
}
console.log('kind         ns per message of two readings: one alarm a device, one for all 100')
for (const [name, { perDevice, oneForAll }] of Object.entries(perMessage)) console.log(`${name.padEnd(12)} ${String(perDevice).padStart(6)} ${String(oneForAll).padStart(8)}`)
for (const [name, perSecond] of Object.entries(expressions)) console.log(`${name}: ${perSecond.toLocaleString('en')} evaluations/s`)
console.log(JSON.stringify({ perMessage, expressions }))
