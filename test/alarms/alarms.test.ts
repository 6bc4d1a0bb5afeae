import { describe, expect, it } from 'vitest'
import { alarmId } from '../../gateway/alarms/alarm-record.ts'
import { renderMessage } from '../../gateway/alarms/message.ts'
import { createAlarmScene } from '../support/alarm-scene.ts'
import { createStageScene, seconds, startWallMs } from '../support/stage-scene.ts'
import { copyOf } from '../support/timeline.ts'
import { makeRule } from '../support/transitions.ts'

const spo2 = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO₂ {value}{unit} on {device} ({labels.ward}), {level} {limit}"`

describe('an alarm', () => {
  it('is exactly the JSON of the contract', () => {
    const { rules, message, device } = createStageScene()
    device('bed-1', { labels: { ward: 'east' } })
    rules(spo2)
    const [raised] = message(1, 'bed-1', { spo2: 84 })
    expect(raised!.alarm).toEqual({
      id: alarmId('spo2-low', 'bed-1'), key: 'bed-1', class: 'process', rule: 'spo2-low', device: 'bed-1', metric: 'spo2', state: 'unacked', active: true, overlays: [],
      level: 'lolo', priority: 'high', value: 84, unit: '%', limit: 85, message: 'SpO₂ 84% on bed-1 (east), lolo 85', quality: 'good', restored: false, labels: { ward: 'east' },
      occurrence: 1, seq: 1, raisedAt: '2026-01-01T00:00:01.000Z', changedAt: '2026-01-01T00:00:01.000Z', acknowledgedAt: null, acknowledgedBy: null, shelvedUntil: null,
      idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
    })
  })

  it('has one id per rule and key, fit for a path, whatever those are', () => {
    const ids = [alarmId('r', 'a/b'), alarmId('r', 'a b'), alarmId('r/a', 'b'), alarmId('r', 'Ä'.repeat(500)), alarmId('', ''), alarmId('__proto__', 'constructor')]
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9._~-]{1,80}$/)
    expect(new Set(ids).size).toBe(ids.length)
    expect(alarmId('r', 'a/b')).toBe(ids[0])
  })

  it('keeps the words and the priority of its episode to the end, and gives each step a key of its own', () => {
    const { rules, message, stage } = createStageScene()
    rules(spo2)
    const steps = [...message(1, 'bed-1', { spo2: 89 }), ...message(2, 'bed-1', { spo2: 80 }), ...message(3, 'bed-1', { spo2: 88 }), ...message(4, 'bed-1', { spo2: 99 })]
    const { transitions } = stage.act({ verb: 'ack', id: steps[0]!.alarm.id, by: 'ann', occurrence: 1 }, seconds(5))
    const all = [...steps, ...transitions]
    expect(all.map(({ event, alarm, levelUp }) => [event, alarm.level, alarm.priority, alarm.seq, levelUp])).toEqual([
      ['raised', 'lo', 'medium', 1, false], ['level-changed', 'lolo', 'high', 2, true], ['level-changed', 'lo', 'medium', 3, false], ['returned', 'lo', 'medium', 4, false],
      ['acked', 'lo', 'medium', 5, false], ['cleared', 'lo', 'medium', 6, false],
    ])
    expect(all.at(-1)).toMatchObject({ by: 'ann', alarm: { acknowledgedBy: 'ann', acknowledgedAt: '2026-01-01T00:00:05.000Z', state: 'normal', value: 99 } })
    expect(new Set(all.map(({ alarm }) => alarm.idempotencyKey)).size).toBe(6)
  })

  it('is un-acknowledged by a rise, not by a fall', () => {
    const { rules, message, stage } = createStageScene()
    rules(spo2)
    message(1, 'bed-1', { spo2: 89 })
    stage.act({ verb: 'ack', rule: 'spo2-low', key: 'bed-1', by: 'ann' }, seconds(2))
    expect(message(3, 'bed-1', { spo2: 80 })).toMatchObject([{ alarm: { state: 'unacked', acknowledgedBy: null, acknowledgedAt: null } }])
    stage.act({ verb: 'ack', rule: 'spo2-low', key: 'bed-1', by: 'bob' }, seconds(4))
    expect(message(5, 'bed-1', { spo2: 89 })).toMatchObject([{ alarm: { state: 'acked', acknowledgedBy: 'bob' } }])
  })
})

describe('what is read from outside', () => {
  it('is what is on disk', async () => {
    const { rules, message, stage, store } = createStageScene()
    rules(spo2)
    const [raised] = message(1, 'bed-1', { spo2: 89 })
    expect(stage.list()).toEqual([])
    await store.commit()
    expect(stage.list()).toEqual([raised!.alarm])
    expect(stage.get(raised!.alarm.id)).toEqual(raised!.alarm)

    const saved = copyOf(stage)
    message(2, 'bed-1', { spo2: 80 })
    message(2, 'bed-2', { spo2: 80 })
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    expect(stage.list()).toEqual([raised!.alarm])
    await stage.restore({ store, saved, resume: { kind: 'undo', times: seconds(3) } })
    expect(stage.list()).toEqual([raised!.alarm])
    expect(message(4, 'bed-1', { spo2: 80 })).toMatchObject([{ event: 'level-changed', alarm: { seq: 2, occurrence: 1 } }])
  })

  it('says which alarms came back and have not been seen since; they are not announced again', async () => {
    const scene = createStageScene()
    scene.rules(spo2)
    const [raised] = scene.message(1, 'bed-1', { spo2: 89 })
    const after = await scene.restart(2, 10)
    expect(after.rules(spo2, 12)).toEqual([])
    expect(after.stage.advance(seconds(13))).toEqual([])
    expect(after.stage.list()).toEqual([{ ...raised!.alarm, restored: true }])
    expect(after.message(14, 'bed-1', { spo2: 89 })).toEqual([])
    await after.store.commit()
    expect(after.stage.list()).toEqual([raised!.alarm])
    expect(after.message(15, 'bed-1', { spo2: 99 })).toMatchObject([{ event: 'returned', alarm: { restored: false, occurrence: 1, seq: 2 } }])
  })

  it('lists alarms in the order of ids', async () => {
    const { rules, message, stage, store } = createStageScene()
    rules(spo2)
    for (const bed of ['bed-3', 'bed-1', 'bed-2']) message(1, bed, { spo2: 80 })
    await store.commit()
    const ids = stage.list().map(({ id }) => id)
    expect(ids).toEqual([...ids].sort())
    expect(ids).toHaveLength(3)
  })
})

describe('operators', () => {
  it('are told that there is no such alarm', () => {
    const { rules, stage } = createStageScene()
    rules(spo2)
    for (const name of [{ id: 'nope' }, { rule: 'nope', key: 'bed-1' }, { rule: 'spo2-low' }, {}]) {
      expect(stage.act({ verb: 'ack', by: 'ann', ...name }, seconds(1))).toMatchObject({ ok: false, code: 'NOT_FOUND', transitions: [] })
    }
  })

  it('get a refusal that changes nothing, and is recorded', () => {
    const { rules, message, stage } = createStageScene()
    rules(spo2)
    const [raised] = message(1, 'bed-1', { spo2: 89 })
    const refused = stage.act({ verb: 'reset', id: raised!.alarm.id, by: 'ann', note: 'please' }, seconds(2))
    expect(refused).toMatchObject({ ok: false, code: 'CONFLICT', reason: 'still active', transitions: [{ event: 'rejected', reason: 'still active', by: 'ann', note: 'please' }] })
    expect(refused.transitions[0]!.alarm).toEqual(raised!.alarm)
  })

  it('leave no trace of an alarm that was never raised when nothing comes of it', async () => {
    const { rules, stage, store } = createStageScene()
    rules(spo2)
    expect(stage.act({ verb: 'ack', rule: 'spo2-low', key: 'bed-1', by: 'ann' }, seconds(1))).toMatchObject({ ok: true, transitions: [] })
    expect(stage.act({ verb: 'reset', rule: 'spo2-low', key: 'bed-1', by: 'ann' }, seconds(1))).toMatchObject({ ok: false })
    await store.commit()
    expect(await store.list('alarm')).toEqual([])
  })

  it('hide an alarm that has become a high one no longer than a high one may be', () => {
    const { rules, message, stage } = createStageScene()
    rules(spo2)
    const [raised] = message(0, 'bed-1', { spo2: 89 })
    const day = startWallMs + 24 * 3_600_000
    expect(stage.act({ verb: 'shelve', id: raised!.alarm.id, by: 'ann', until: day }, seconds(0))).toMatchObject({ ok: true, alarm: { shelvedUntil: '2026-01-02T00:00:00.000Z' } })
    expect(message(60, 'bed-1', { spo2: 80 })).toMatchObject([{ event: 'tracked', alarm: { priority: 'high', shelvedUntil: '2026-01-01T00:31:00.000Z' } }])
    expect(stage.advance(seconds(31 * 60)).map(({ event }) => event)).toEqual(['unshelved', 'raised'])
  })
})

describe('messages', () => {
  it('show the kind’s own words for the value where it has some, and keep the value as it is', () => {
    const { rules, tell } = createAlarmScene()
    rules(0, makeRule({ message: 'NEWS2 of {device}: {value} ({level})' }))
    expect(tell(0, 'true', { value: 5, level: 'medium', valueText: 'at least 5, incomplete' })).toMatchObject([{ alarm: { value: 5, message: 'NEWS2 of oven: at least 5, incomplete (medium)' } }])
    expect(tell(1, 'level', { value: 7, level: 'high', levelUp: true, valueText: undefined })).toMatchObject([{ alarm: { value: 7, message: 'NEWS2 of oven: 7 (high)' } }])
    expect(tell(2, 'false', { value: 1, valueText: '1, complete' })).toMatchObject([{ alarm: { value: 1, message: 'NEWS2 of oven: 7 (high)' } }])
  })

  const fields = { rule: 'r', key: 'k', device: 'd', metric: null, value: 0, unit: null, level: 'hi', limit: 5, labels: { ward: 'east' } }
  it.each([
    ['{value} {unit} {metric}|', '0  |'], ['{labels.ward}{labels.bed}{labels.__proto__}|', 'east|'], ['{nope} {Value} {{level}}', '{nope} {Value} {hi}'], ['{limit} {rule} {key} {device}', '5 r k d'],
  ])('%s', (template, text) => {
    expect(renderMessage(template, fields)).toBe(text)
  })
})
