import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { InputLine } from '../../../gateway/replay-lines.ts'
import { createTimeline, rulesOf } from '../../support/timeline.ts'

/** One of each kind over several signals or events, per device and for all. */
const written = `
zones: { z: { circle: { lat: 0, lon: 0, radius: 1km } } }
rules:
  - { id: all, on: { device: "d*" }, when: { all: [{ metric: a, gt: 5 }, { metric: b, lt: 5 }], maxAge: 20s }, for: 3s }
  - { id: any, on: { device: "d*" }, key: rule, when: { any: [{ metric: a, gt: 7 }, { metric: b, gt: 7 }] } }
  - { id: at-least, on: { metric: a }, when: { atLeast: { n: 2, of: { device: "d*" }, gt: 5 } } }
  - { id: deviation, on: { metric: a }, when: { deviation: { of: { metric: b }, gt: 3, hysteresis: 1 } } }
  - { id: named, on: { metric: a }, key: rule, when: { deviation: { of: { device: d1, metric: b }, gt: 3, maxAge: 30s } } }
  - { id: fall, on: { device: "d*" }, when: { sequence: [{ metric: a, gt: 7 }, { not: { metric: b, gt: 7 } }], within: 4s } }
  - { id: then, on: { event: "e.*" }, key: data.card, when: { sequence: [{ event: e.one }, { event: e.two }], within: 4s } }
  - { id: often, on: { event: "e.*" }, key: data.card, when: { frequency: { gt: 1, in: 5s } } }
  - { id: busy, on: { metric: "*" }, when: { frequency: { gt: 3, in: 4s, cooldown: 1s } } }
  - { id: fence, on: { device: "d*" }, when: { geofence: { zone: z, on: exit, buffer: 100m, fixes: 2, lat: a, lon: b } } }
  - { id: formula, on: { metric: a }, when: { expression: "value > metrics.b * 1.5 || metrics.c == true" } }
  - { id: formula-of-all, on: { device: "d*" }, key: rule, when: { expression: "metrics.a > 7 && has(metrics.b)", maxAge: 15s } }
  - { id: amount, on: { event: "e.*" }, key: data.card, when: { expression: "data.amount > 5", maxAge: 6s } }
`
const value = fc.constantFrom<unknown>(0, 3, 6, 8, 'NaN', null, 'text', true)
const message = fc.record({ device: fc.constantFrom('d1', 'd2'), values: fc.dictionary(fc.constantFrom('a', 'b', 'c'), value, { minKeys: 1 }), lateMs: fc.option(fc.nat(7_000), { nil: undefined }) })
const event = fc.record({ event: fc.constantFrom('e.one', 'e.two'), data: fc.record({ card: fc.constantFrom('c1', 'c2'), amount: value }) })
const step = fc.constantFrom({ wallClockStepMs: 3_600_000 }, { wallClockStepMs: -2_000 })
const input = fc.array(fc.record({ after: fc.nat(4_000), cut: fc.boolean(), what: fc.oneof({ weight: 6, arbitrary: message }, { weight: 3, arbitrary: event }, { weight: 1, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: step }) }), { minLength: 5, maxLength: 40 })

it('keeps all that conditions over several signals know, wherever the input is cut', async () => {
  await fc.assert(fc.asyncProperty(input, async (given) => {
    const rules = rulesOf(written)
    const [plain, cut] = [await createTimeline(rules), await createTimeline(rules)]
    let at = 0
    for (const { after, cut: here, what } of [...given, { after: 60_000, cut: true, what: {} }]) {
      at += after
      const { lateMs, ...rest } = what as { lateMs?: number }
      const line = { at, ...rest, ...(lateMs === undefined ? {} : { ts: at - lateMs }) } as InputLine
      if (here) {
        const [there, back] = [await plain.line({ at }), await cut.line({ at })]
        expect(back).toEqual(there)
        await cut.undo(at)
      }
      expect(await cut.line(line)).toEqual(await plain.line(line))
      expect(cut.stage().stateHash()).toBe(plain.stage().stateHash())
    }
  }), { numRuns: 100 })
})
