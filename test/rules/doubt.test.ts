import { describe, expect, it } from 'vitest'
import { createStageScene, seconds, told } from '../support/stage-scene.ts'

const lead = 'lead'

describe('a series with a technical alarm', () => {
  it('is unknown to conditions over several signals too, however long they let values stand', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: both, on: { device: "*" }, when: { all: [{ metric: hr, gt: 120 }, { metric: spo2, lt: 90 }], maxAge: 10min } }, { id: low, on: { metric: spo2 }, when: { below: 80 }, stale: 10s }]')
    expect(told(message(0, 'a', { hr: 130, spo2: 85 }))).toEqual(['both a raised unacked'])
    message(8, 'a', { hr: 130 })
    expect(told(stage.advance(seconds(10)))).toEqual(['technical.stale a.spo2 raised unacked', 'both a quality-changed unacked'])
    // What decides without it is known all the same.
    expect(told(message(11, 'a', { hr: 100 }))).toEqual(['both a quality-changed unacked', 'both a returned rtn-unacked'])
    expect(told(message(12, 'a', { hr: 130 }))).toEqual(['both a quality-changed rtn-unacked'])
    expect(told(message(13, 'a', { spo2: 84 }))).toEqual(['technical.stale a.spo2 cleared normal', 'both a quality-changed rtn-unacked', 'both a reraised unacked'])
  })

  it.each([
    ['any', 'any: [{ metric: ecg, gt: 50 }], maxAge: 10min'],
    ['deviation', 'deviation: { of: { metric: ref }, gt: 5, maxAge: 10min }'],
    ['atLeast', 'atLeast: { n: 1, of: { metric: ecg }, gt: 50, maxAge: 10min }'],
    ['expression', 'expression: "value > 50", maxAge: 10min'],
  ])('is unknown to %s from the moment its lead is off, and known again with a sample', (_kind, when) => {
    const { rules, message, device } = createStageScene()
    device('a', { settings: { metrics: { ecg: { leadOff: lead } } } })
    rules(`rules: [{ id: r, on: { metric: ecg }, when: { ${when} } }]`)
    message(0, 'a', { ref: 0 })
    expect(told(message(1, 'a', { ecg: 60 }))).toEqual(['r a raised unacked'])
    expect(told(message(2, 'a', { [lead]: true })).toSorted()).toEqual(['r a quality-changed unacked', 'technical.lead-off a.ecg raised unacked'])
    expect(told(message(3, 'a', { [lead]: false }))).toEqual(['technical.lead-off a.ecg cleared normal'])
    expect(told(message(4, 'a', { ecg: 61 }))).toEqual(['r a quality-changed unacked'])
  })

  it('is unknown by what comes in the same message, wherever in it that stands', () => {
    const { rules, message, device } = createStageScene()
    device('a', { settings: { metrics: { ecg: { leadOff: lead } } } })
    rules('rules: [{ id: one, on: { metric: ecg }, when: { above: 50 } }, { id: more, on: { device: "*" }, when: { any: [{ metric: ecg, gt: 50 }] } }]')
    expect(told(message(1, 'a', { ecg: 60, [lead]: true }))).toEqual(['technical.lead-off a.ecg raised unacked'])
    expect(told(message(2, 'a', { ecg: 60, [lead]: false }))).toEqual(['technical.lead-off a.ecg cleared normal', 'one a raised unacked', 'more a raised unacked'])
  })

  it.each(['all: [{ metric: hr, gt: 120 }, { metric: spo2, gt: 50 }]', 'expression: "metrics.hr > 120 && metrics.spo2 > 50"', 'deviation: { of: { metric: spo2 }, gt: 20 }', 'level: { hi: 120 }'])('has none because its device was offline for long; when that is back its silence counts anew (%s)', (when) => {
    const { rules, message, stage } = createStageScene()
    rules(`rules: [{ id: r, on: { device: a, metric: hr }, when: { ${when} }, stale: 30s, ack: auto }]`)
    expect(told(message(0, 'a', { hr: 130, spo2: 90 }))).toEqual(['r a raised unacked'])
    expect(told(stage.presence('a', false, seconds(10))).toSorted()).toEqual(['r a quality-changed unacked', 'technical.offline a raised unacked'])
    expect(stage.advance(seconds(99))).toEqual([])
    expect(told(stage.presence('a', true, seconds(100)))).toEqual(['technical.offline a cleared normal'])
    // What comes in between of one says nothing of the other.
    expect(told(message(110, 'a', { hr: 131 })).every((one) => one === 'r a quality-changed unacked')).toBe(true)
    expect(stage.advance(seconds(129))).toEqual([])
    const silent = when.startsWith('level') ? [] : ['technical.stale a.spo2 raised unacked']
    expect(told(stage.advance(seconds(130)))).toEqual(silent)
    expect(told(stage.advance(seconds(140))).filter((one) => one.startsWith('technical'))).toEqual(['technical.stale a.hr raised unacked'])
  })

  it('is none of which nothing but null was ever heard', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 50 }, stale: 10s }]')
    message(0, 'a', { temp: null, humidity: 40 })
    expect(stage.advance(seconds(60))).toEqual([])
  })

  it('makes a score incomplete', () => {
    const { rules, message, device } = createStageScene()
    device('a', { settings: { metrics: { spo2: { leadOff: lead } } } })
    rules('rules: [{ id: news2, on: { device: "*" }, when: { score: { table: news2 } } }]')
    expect(told(message(0, 'a', { spo2: 80 }))).toEqual(['news2 a raised unacked'])
    expect(told(message(1, 'a', { [lead]: true })).toSorted()).toEqual(['technical.lead-off a.spo2 raised unacked'])
    // At least 0, incomplete: that clears nothing.
    expect(message(2, 'a', { heart_rate: 60, spo2: 80 })).toEqual([])
  })

  it('raises nothing and clears nothing by a delay that was running, whoever found it', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: long, on: { metric: spo2 }, when: { below: 90 }, for: 20s, clearFor: 20s, stale: 1h }, { id: short, on: { metric: spo2 }, when: { below: 50 }, stale: 10s }]')
    message(0, 'a', { spo2: 85 })
    expect(told(stage.advance(seconds(60)))).toEqual(['technical.stale a.spo2 raised unacked'])
    // It begins anew with a sample.
    message(61, 'a', { spo2: 85 })
    for (const s of [65, 70, 75, 80]) message(s, 'a', { spo2: 85 })
    expect(told(stage.advance(seconds(82)))).toEqual(['long a raised unacked'])
    message(83, 'a', { spo2: 95 })
    expect(told(stage.advance(seconds(120)))).toEqual(['long a quality-changed unacked', 'technical.stale a.spo2 raised unacked'])
    message(121, 'a', { spo2: 95 })
    for (const s of [130, 139]) message(s, 'a', { spo2: 95 })
    expect(told(stage.advance(seconds(142)))).toEqual(['long a returned rtn-unacked'])
  })
})

describe('a device that says it is offline', () => {
  it('raises nothing by a delay that was running', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: low, on: { metric: spo2 }, when: { below: 90 }, for: 20s, stale: 1h }]')
    message(0, 'a', { spo2: 85 })
    stage.presence('a', false, seconds(5))
    expect(stage.advance(seconds(60))).toEqual([])
    stage.presence('a', true, seconds(61))
    expect(stage.advance(seconds(90))).toEqual([])
    message(91, 'a', { spo2: 85 })
    expect(told(stage.advance(seconds(111)))).toEqual(['low a raised unacked'])
  })

  it('and sends all the same is known by what it sends, one signal or several', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: low, on: { metric: spo2 }, when: { below: 90 }, stale: 1h }, { id: both, on: { device: "*" }, when: { all: [{ metric: hr, gt: 120 }, { metric: spo2, lt: 90 }], maxAge: 1h } }]')
    message(0, 'a', { hr: 130 })
    stage.presence('a', false, seconds(1))
    expect(told(message(2, 'a', { spo2: 85 }))).toEqual(['low a raised unacked'])
    expect(told(message(3, 'a', { hr: 131 }))).toEqual(['both a raised unacked'])
    expect(told(stage.presence('a', true, seconds(4)))).toEqual(['technical.offline a cleared normal'])
  })
})

describe('technical alarms that stand though nothing of the rules’ state came back', () => {
  it('end as they would have', async () => {
    const rules = 'rules: [{ id: low, on: { metric: "s*" }, when: { below: 90 }, stale: 10s }]'
    const settings = { metrics: { s1: { min: 0 }, s2: { leadOff: lead } } }
    const scene = createStageScene()
    scene.device('a', { settings })
    scene.rules(rules)
    scene.message(0, 'a', { s1: 95, s2: 95, s3: 80 })
    scene.stage.presence('a', false, seconds(1))
    scene.stage.presence('a', true, seconds(2))
    const raised = [...scene.message(3, 'a', { s1: -1, s2: 95, [lead]: true }), ...scene.stage.advance(seconds(14)), ...scene.stage.presence('a', false, seconds(15))]
    expect(told(raised).filter((line) => line.includes('raised')).toSorted()).toEqual(['technical.lead-off a.s2 raised unacked', 'technical.offline a raised unacked', 'technical.range a.s1 raised unacked', 'technical.stale a.s3 raised unacked'])
    await scene.store.commit()
    const after = createStageScene([], { store: scene.store.crash() })
    await after.comeBack({ kind: 'start', alive: seconds(16), times: seconds(17) })
    after.device('a', { settings }, 17)
    expect(told(after.rules(rules, 17))).toEqual([])
    // s3 is of a rule that is there; what was found of it ends with a sample, and so do the others.
    expect(told(after.message(18, 'a', { s1: 95, s2: 95, s3: 95, [lead]: false })).toSorted()).toEqual(['low a.s3 quality-changed unacked', 'low a.s3 returned rtn-unacked', 'technical.lead-off a.s2 cleared normal', 'technical.range a.s1 cleared normal', 'technical.stale a.s3 cleared normal'])
    expect(told(after.stage.presence('a', true, seconds(19)))).toEqual(['technical.offline a cleared normal'])
  })

  it('retire where nobody looks any more', async () => {
    const scene = createStageScene()
    scene.rules('rules: [{ id: low, on: { metric: s }, when: { below: 90 }, stale: 10s }]')
    scene.message(0, 'a', { s: 95 })
    scene.stage.advance(seconds(10))
    await scene.store.commit()
    const after = createStageScene([], { store: scene.store.crash() })
    await after.comeBack({ kind: 'start', alive: seconds(16), times: seconds(17) })
    expect(told(after.rules('', 17))).toEqual(['technical.stale a.s retired normal'])
  })
})
