import { describe, expect, it } from 'vitest'
import { createRowReader } from '../../gateway/alarms/alarm-record.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import { createAlarmScene, shortly } from '../support/alarm-scene.ts'
import { createStageScene, seconds, startWallMs } from '../support/stage-scene.ts'
import { makeRule, notify } from '../support/transitions.ts'

const minutes = (...given: readonly number[]): readonly number[] => given.map((one) => one * 60_000)
const escalated = (...ms: readonly number[]): Rule => makeRule({ escalateMs: ms })

describe('escalation', () => {
  it('takes each step once, and ends with the acknowledgement', () => {
    const { rules, tell, act, advance, nextDue } = createAlarmScene()
    rules(0, escalated(...minutes(2, 5, 10)))
    tell(0, 'true')
    expect(nextDue()).toBe(120)
    expect(shortly(advance(119))).toEqual([])
    expect(shortly(advance(120))).toEqual([['escalated', 120, 'step 1 of 3']])
    expect(shortly(advance(400))).toEqual([['escalated', 300, 'step 2 of 3']])
    act(401, 'ack')
    expect(nextDue()).toBe(Infinity)
    expect(advance(10_000)).toEqual([])
  })

  it('changes neither state nor occurrence, and is no level up: no action of the rule runs', () => {
    const { rules, tell, advance } = createAlarmScene()
    rules(0, escalated(10_000))
    tell(0, 'true')
    expect(advance(10)).toMatchObject([{ event: 'escalated', levelUp: false, from: 'unacked', alarm: { state: 'unacked', occurrence: 1, seq: 2 } }])
  })

  it('begins anew where the alarm is announced anew: raised again, or up a level after somebody had acknowledged it', () => {
    const { rules, tell, act, advance, nextDue } = createAlarmScene()
    rules(0, escalated(10_000, 20_000))
    tell(0, 'true')
    advance(15)
    tell(16, 'false')
    expect(nextDue()).toBe(Infinity)
    tell(17, 'true')
    expect(shortly(advance(30))).toEqual([['escalated', 27, 'step 1 of 2']])
    tell(31, 'level', { levelUp: true, level: 'hihi' })
    expect(nextDue()).toBe(37)
    act(32, 'ack')
    tell(33, 'level', { level: 'hi' })
    expect(nextDue()).toBe(Infinity)
    tell(34, 'level', { levelUp: true, level: 'hihi' })
    expect(nextDue()).toBe(44)
  })

  it('goes by what the rule says now: an edit moves pending steps, adds some, or takes them away', () => {
    const { rules, tell, advance, nextDue } = createAlarmScene()
    rules(0, escalated(10_000, 60_000))
    tell(0, 'true')
    expect(shortly(advance(10))).toEqual([['escalated', 10, 'step 1 of 2']])
    expect(rules(20, escalated(10_000, 30_000, 90_000))).toEqual([])
    expect(shortly(advance(40))).toEqual([['escalated', 30, 'step 2 of 3']])
    rules(41, escalated())
    expect(nextDue()).toBe(Infinity)
    rules(42, escalated(1_000, 2_000, 300_000))
    expect(shortly(advance(301))).toEqual([['escalated', 300, 'step 3 of 3']])
    // Had it been there from the start it would have fired long ago.
    rules(400, escalated(1_000, 2_000, 3_000, 4_000))
    expect(shortly(advance(400))).toEqual([['escalated', 400, 'step 4 of 4']])
  })

  it('survives a restart: what fell due meanwhile comes once, at the start, and no step comes twice', async () => {
    const scene = createAlarmScene()
    const rule = escalated(10_000, 60_000, 120_000, 900_000)
    scene.rules(0, rule)
    scene.tell(0, 'true')
    scene.advance(20)
    const after = await scene.restart()
    expect(after.rules(600, rule)).toEqual([])
    expect(shortly(after.advance(600))).toEqual([['escalated', 600, 'step 2 of 4'], ['escalated', 600, 'step 3 of 4']])
    const again = await after.restart()
    again.rules(601, rule)
    expect(shortly(again.advance(10_000))).toEqual([['escalated', 900, 'step 4 of 4']])
  })

  it('is not lost with a batch that could not be stored', async () => {
    const { rules, tell, advance, alarms, store } = createAlarmScene()
    rules(0, escalated(10_000))
    tell(0, 'true')
    await store.commit()
    expect(shortly(advance(10))).toEqual([['escalated', 10, 'step 1 of 1']])
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    await alarms.restore(store, { restart: false, rules: undefined })
    expect(shortly(advance(12))).toEqual([['escalated', 10, 'step 1 of 1']])
  })

  it('begins for rows of a version that had none at the time they were raised', () => {
    const text = JSON.stringify({
      alarm: { id: 'x', key: 'k', class: 'process', rule: 'r', state: 'unacked', active: true, overlays: [], raisedAt: '2026-01-01T00:00:00.000Z', changedAt: '2026-01-01T00:00:05.000Z', acknowledgedAt: null, shelvedUntil: null },
      oneShot: false, conditionVersion: 'c', mode: 'live',
    })
    expect(createRowReader()(text).record).toMatchObject({ state: 'unacked', announcedAt: startWallMs, escalations: 0 })
    expect(createRowReader()(text.replace('"unacked"', '"acked"')).record).toMatchObject({ state: 'acked', announcedAt: null, escalations: 0 })
  })
})

describe('re-alarm', () => {
  it('comes after the acknowledgement while the condition lasts, and asks for another one', () => {
    const { rules, tell, act, advance, nextDue } = createAlarmScene()
    rules(0, makeRule({ realarmMs: 3_600_000 }))
    tell(0, 'true')
    expect(nextDue()).toBe(Infinity)
    act(60, 'ack')
    expect(nextDue()).toBe(3_660)
    expect(advance(4_000)).toMatchObject([{ event: 'realarmed', at: 3_660_000, from: 'acked', alarm: { state: 'unacked', occurrence: 1, acknowledgedAt: null, acknowledgedBy: null } }])
    expect(nextDue()).toBe(Infinity)
    act(4_001, 'ack', { by: 'bob' })
    expect(nextDue()).toBe(7_601)
    tell(4_002, 'false')
    expect(nextDue()).toBe(Infinity)
  })

  it('is followed by escalation from its own moment on', () => {
    const { rules, tell, act, advance } = createAlarmScene()
    rules(0, makeRule({ realarmMs: 60_000, escalateMs: [10_000] }))
    tell(0, 'true')
    advance(15)
    act(20, 'ack')
    expect(shortly(advance(100))).toEqual([['realarmed', 80], ['escalated', 90, 'step 1 of 1']])
  })

  it('moves with an edit of its rule', () => {
    const { rules, tell, act, advance, nextDue } = createAlarmScene()
    rules(0, makeRule({ realarmMs: 3_600_000 }))
    tell(0, 'true')
    act(0, 'ack')
    rules(1, makeRule({ realarmMs: 600_000 }))
    expect(nextDue()).toBe(600)
    rules(2, makeRule({ realarmMs: 600_000, priority: 'high' }))
    expect(nextDue()).toBe(600)
    rules(3, makeRule())
    expect(nextDue()).toBe(Infinity)
    rules(120, makeRule({ realarmMs: 60_000 }))
    expect(shortly(advance(120))).toEqual([['realarmed', 120]])
  })
})

describe('a schedule that closes', () => {
  it('clears what it had announced, acknowledged or not, latching or not, with its reason', () => {
    for (const rule of [makeRule(), makeRule({ latch: true }), makeRule({ ack: 'auto' })]) {
      for (const acknowledged of [false, true]) {
        const { rules, tell, act } = createAlarmScene()
        rules(0, rule)
        tell(0, 'true')
        if (acknowledged) act(1, 'ack')
        expect(tell(2, 'gated')).toMatchObject([{ event: 'cleared', reason: 'schedule', from: acknowledged ? 'acked' : 'unacked', alarm: { state: 'normal', active: false } }])
        expect(tell(3, 'gated')).toEqual([])
        expect(tell(4, 'true')).toMatchObject([{ event: 'raised', alarm: { occurrence: 2 } }])
      }
    }
  })

  it('does so in silence under an overlay, ends a one-shot shelf, and leaves what had returned or latched to the operator', () => {
    const { rules, tell, act } = createAlarmScene()
    rules(0, makeRule({ latch: true }))
    act(0, 'shelve', { oneShot: true })
    tell(1, 'true')
    expect(shortly(tell(2, 'gated'))).toEqual([['tracked', 2, 'schedule'], ['unshelved', 2, 'one-shot']])
    tell(3, 'true')
    tell(4, 'false')
    expect(tell(5, 'gated')).toEqual([])
    expect(act(6, 'reset')).toMatchObject({ ok: true, alarm: { state: 'rtn-unacked' } })
  })
})

describe('after a start', () => {
  it('nothing falls due before the rules are known, so that it is told, and acted on, as they say', async () => {
    const scene = createAlarmScene()
    const rule = makeRule({ escalateMs: [30_000], then: [notify('nurse-call')] })
    scene.rules(0, rule)
    scene.tell(0, 'true')
    scene.act(1, 'shelve', { until: startWallMs + 20_000 })
    const after = await scene.restart()
    expect(after.nextDue()).toBe(Infinity)
    expect(after.rules(600, rule)).toEqual([])
    expect(after.advance(600)).toMatchObject([{ event: 'unshelved', at: 600_000 }, { event: 'raised', rule: { then: [notify('nurse-call')] }, alarm: { restored: true } }])
    // Announced only now: that is where escalation counts from.
    expect(after.nextDue()).toBe(630)
  })

  it('the timers of alarms go with them where their rule is gone', async () => {
    const scene = createAlarmScene()
    scene.rules(0, escalated(10_000))
    scene.tell(0, 'true')
    scene.act(1, 'shelve', { until: startWallMs + 20_000 })
    const after = await scene.restart()
    expect(after.rules(600)).toMatchObject([{ event: 'retired', reason: 'rule removed' }])
    expect(after.nextDue()).toBe(Infinity)
  })
})

describe('the stage', () => {
  it('puts wall timers among its own, and says when the next one is due', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, for: 10s, escalate: [10s], stale: 1h }, { id: now, on: { metric: temp }, when: { above: 80 }, escalate: [15s], stale: 1h }]')
    message(0, 'a', { temp: 81 })
    expect(stage.nextDue()).toBe(10_000)
    expect(stage.advance(seconds(20)).map(({ event, at, alarm }) => [alarm.rule, event, at])).toEqual([['hot', 'raised', 10_000], ['now', 'escalated', 15_000], ['hot', 'escalated', 20_000]])
  })
})
