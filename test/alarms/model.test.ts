import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AlarmRecord } from '../../gateway/alarms/alarm-record.ts'
import { createRowReader, rowText } from '../../gateway/alarms/alarm-record.ts'
import { overlayOrder } from '../../gateway/alarms/machine.ts'
import type { Transition } from '../../gateway/kernel/alarm.ts'
import { coreStates } from '../../gateway/kernel/alarm.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { ModelRule, Said } from '../support/alarm-model.ts'
import { createAlarmModel } from '../support/alarm-model.ts'
import type { AlarmScene } from '../support/alarm-scene.ts'
import { createAlarmScene } from '../support/alarm-scene.ts'
import { startWallMs } from '../support/stage-scene.ts'
import { makeRule } from '../support/transitions.ts'

const aRule: fc.Arbitrary<ModelRule> = fc.record({
  latch: fc.boolean(),
  auto: fc.boolean(),
  escalateS: fc.constantFrom<readonly number[]>([], [5], [5, 20], [1, 2, 3]),
  realarmS: fc.constantFrom(null, 5, 60),
  high: fc.boolean(),
})

const plain = ['true', 'true', 'false', 'false', 'up', 'down', 'gated', 'unknown', 'good', 'unshelve', 'suppress', 'unsuppress', 'return-to-service', 'restart', 'lost', 'retire'] as const
const something: fc.Arbitrary<Said> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ say: fc.constantFrom(...plain) }) },
  { weight: 3, arbitrary: fc.record({ say: fc.constantFrom('ack', 'reset'), older: fc.nat(5).map((n) => n === 0) }) },
  { weight: 2, arbitrary: fc.record({ say: fc.constant('shelve' as const), forS: fc.constantFrom(null, null, -1, 3, 10, 1_800, 1_801, 86_401), oneShot: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ say: fc.constantFrom('out-of-service', 'comment'), note: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ say: fc.constant('wait' as const), s: fc.constantFrom(0, 1, 3, 5, 10, 100) }) },
)

const ruleOf = ({ latch, auto, escalateS, realarmS, high }: ModelRule): Rule => makeRule({
  latch, ack: auto ? 'auto' : 'required', priority: high ? 'high' : 'medium', escalateMs: escalateS.map((s) => s * 1_000), realarmMs: realarmS === null ? undefined : realarmS * 1_000,
})

const recordOf = (text: string): AlarmRecord => createRowReader()(text).record

/** Says it to the real thing; a restart or a commit that is lost gives another scene, of which nothing may differ. */
async function say(scene: AlarmScene, rule: Rule, { said, at }: { said: Said; at: number }): Promise<{ scene: AlarmScene; out: readonly Transition[] }> {
  switch (said.say) {
    case 'true':
    case 'false':
    case 'gated':
      return { scene, out: scene.tell(at, said.say) }
    case 'up':
    case 'down':
      return { scene, out: scene.tell(at, 'level', { levelUp: said.say === 'up' }) }
    case 'unknown':
    case 'good':
      return { scene, out: scene.tell(at, 'quality', { quality: said.say }) }
    case 'ack':
    case 'reset':
      return { scene, out: scene.act(at, said.say, said.older ? { occurrence: 1_000 } : {}).transitions }
    case 'shelve':
      return { scene, out: scene.act(at, said.say, { oneShot: said.oneShot, ...(said.forS === null ? {} : { until: startWallMs + (at + said.forS) * 1_000 }) }).transitions }
    case 'out-of-service':
    case 'comment':
      return { scene, out: scene.act(at, said.say, said.note ? { note: 'because' } : {}).transitions }
    case 'unshelve':
    case 'suppress':
    case 'unsuppress':
    case 'return-to-service':
      return { scene, out: scene.act(at, said.say).transitions }
    case 'wait':
      return { scene, out: scene.advance(at + said.s) }
    case 'restart': {
      const after = await scene.restart()
      expect(after.rules(at, rule)).toEqual([])
      return { scene: after, out: [] }
    }
    case 'lost': {
      await scene.store.commit()
      scene.tell(at, 'true')
      scene.act(at, 'suppress')
      scene.store.failNextCommit(new Error('disk full'))
      await scene.store.commit()
      await scene.alarms.restore(scene.store, { restart: false, rules: undefined })
      return { scene, out: [] }
    }
    case 'retire': {
      const out = scene.rules(at)
      scene.rules(at, rule)
      return { scene, out }
    }
    default:
      return said satisfies never
  }
}

describe('the life of an alarm, whatever is said in whatever order', () => {
  it('is what the table says; never in a state there is not, and a row loses nothing', { timeout: 60_000 }, async () => {
    let steps = 0
    await fc.assert(fc.asyncProperty(aRule, fc.array(something, { minLength: 1, maxLength: 40, size: 'max' }), async (of, saids) => {
      const rule = ruleOf(of)
      const model = createAlarmModel(of)
      let scene = createAlarmScene()
      scene.rules(0, rule)
      let at = 0
      for (const said of saids) {
        const expected = model.say(said)
        const { scene: next, out } = await say(scene, rule, { said, at })
        scene = next
        if (said.say === 'wait') at += said.s
        expect(out.map(({ event, from, alarm }) => [event, from, alarm.state])).toEqual(expected)
        steps += out.length
        const rows = scene.alarms.rows()
        for (const [, text] of rows) expect(rowText(recordOf(text))).toBe(text)
        const alarm = rows.length === 0 ? undefined : recordOf(rows[0]![1])
        const { core, overlays, occurrence, acknowledged, shelvedUntilS } = model.state()
        expect([alarm?.state ?? 'normal', alarm?.occurrence ?? 0]).toEqual([core, occurrence])
        expect(coreStates).toContain(alarm?.state ?? 'normal')
        expect(alarm?.overlays ?? []).toEqual(overlayOrder.filter((one) => overlays.includes(one)))
        expect(alarm?.shelvedUntil ?? null).toBe(shelvedUntilS === null ? null : startWallMs + shelvedUntilS * 1_000)
        if (core === 'acked' || core === 'unacked') expect(alarm!.acknowledgedAt !== null).toBe(acknowledged)
      }
      // What came of it in memory is what is on disk.
      await scene.store.commit()
      const stored = await scene.store.list('alarm')
      expect(stored.map(([id, text]) => [id, text])).toEqual(scene.alarms.rows())
    }), { numRuns: 800 })
    expect(steps).toBeGreaterThan(1_000)
  })
})
