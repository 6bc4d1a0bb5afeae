import { describe, expect, it } from 'vitest'
import type { Kind } from '../gateway/rules/kind.ts'
import { normal, plainLevels } from '../gateway/rules/kind.ts'
import { createStageScene, ruleWith, seconds, startWallMs, told } from './support/stage-scene.ts'
import { copyOf, rulesOf } from './support/timeline.ts'

const hot = 'rules: [{ id: hot, on: { metric: temp }, when: { level: { hi: 80, hihi: 90, hysteresis: 2 } } }]'

describe('the stage', () => {
  it('returns one shared empty array when nothing happened', () => {
    const { rules, message, stage } = createStageScene()
    rules(hot)
    const nothing = message(1, 'a', { temp: 20 })
    expect(nothing).toEqual([])
    expect(message(2, 'a', { temp: 21, other: 5 })).toBe(nothing)
    expect(stage.advance(seconds(3))).toBe(nothing)
  })

  it('fires what is due before an input, asked to or not', () => {
    const { rules, message } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, for: 10s }]')
    message(0, 'a', { temp: 81 })
    expect(message(11, 'a', { temp: 20 }).map(({ event, at }) => [event, at])).toEqual([['raised', 10_000], ['returned', 11_000]])
  })

  it('says when it is next due: delays by monotonic time, shelving by wall time', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, for: 10s, stale: 1h }, { id: now, on: { metric: temp }, when: { above: 80 }, stale: 1h }]')
    expect(stage.nextDue()).toBe(Infinity)
    message(1, 'a', { temp: 81 })
    expect(stage.nextDue()).toBe(11_000)
    stage.act({ verb: 'shelve', rule: 'now', key: 'a', by: 'ann', until: startWallMs + 5_000 }, seconds(2))
    expect(stage.nextDue()).toBe(5_000)
    expect(told(stage.advance(seconds(5)))).toEqual(['now a unshelved unacked', 'now a raised unacked'])
    expect(stage.nextDue()).toBe(11_000)
  })

  it('asks for a heartbeat only while a delay runs', async () => {
    const scene = createStageScene()
    const yaml = 'rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, for: 10s, clearFor: 5s }]'
    scene.rules(yaml)
    expect(scene.stage.needsHeartbeat()).toBe(false)
    scene.message(0, 'a', { temp: 81 })
    expect(scene.stage.needsHeartbeat()).toBe(true)
    scene.stage.advance(seconds(10))
    expect(scene.stage.needsHeartbeat()).toBe(false)
    scene.message(11, 'a', { temp: 20 })
    expect(scene.stage.needsHeartbeat()).toBe(true)
    const after = await scene.restart(12, 5)
    after.rules(yaml, 17)
    expect(after.stage.needsHeartbeat()).toBe(false)
    after.message(18, 'a', { temp: 20 })
    expect(after.stage.needsHeartbeat()).toBe(true)
  })

  it('asks for a heartbeat while a value may become stale, and while a sequence is under way', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, stale: 10s }, { id: knock, on: { device: "*" }, when: { sequence: [{ metric: impact, eq: true }, { not: { metric: moving, eq: true } }], within: 20s } }]')
    message(0, 'a', { temp: 20 })
    expect(stage.needsHeartbeat()).toBe(true)
    expect(told(stage.advance(seconds(10)))).toEqual(['technical.stale a.temp raised unacked'])
    expect(stage.needsHeartbeat()).toBe(false)
    message(11, 'a', { impact: true })
    expect(stage.needsHeartbeat()).toBe(true)
    stage.advance(seconds(40))
    expect(stage.needsHeartbeat()).toBe(false)
  })

  it('finds the three rules that concern a reading among ten thousand', () => {
    const { stage, message } = createStageScene()
    const concerned = rulesOf('rules: [{ id: by-metric, on: { metric: temp }, when: { above: 80 } }, { id: by-device, on: { device: a }, when: { above: 80 } }, { id: by-glob, on: { device: "*", metric: "t*p" }, when: { above: 80 } }]')
    const others = Array.from({ length: 9_997 }, (_, i) => ({ ...concerned[0]!, id: `other-${i}`, on: i % 2 === 0 ? { metric: `m${i}` } : { device: `d${i}`, metric: 'temp' } }))
    stage.replaceRules([...others, ...concerned], seconds(0))
    expect(message(1, 'a', { temp: 81 }).map(({ alarm }) => [alarm.rule, alarm.key])).toEqual([['by-device', 'a.temp'], ['by-glob', 'a.temp'], ['by-metric', 'a']])
  })
})

describe('a start', () => {
  const delayed = 'rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, for: 60s }]'

  async function startAfter(downMs: number) {
    const scene = createStageScene()
    scene.rules(delayed)
    scene.message(0, 'a', { temp: 81 })
    await scene.store.commit()
    const saved = copyOf(scene.stage)
    const after = createStageScene([], { store: scene.store.crash() })
    // Monotonic time stands still while the gateway is down; wall time does not.
    const alive = seconds(40)
    const times = { at: alive.at, wallMs: alive.wallMs + downMs }
    await after.comeBack({ kind: 'start', alive, times }, saved)
    after.rules(delayed, 40)
    after.message(42, 'a', { temp: 81 })
    return after.stage
  }

  it('lets a delay go on where it stood', async () => {
    const stage = await startAfter(299_000)
    expect(stage.advance(seconds(61.9))).toEqual([])
    expect(stage.advance(seconds(200))).toMatchObject([{ event: 'raised', at: 62_000 }])
  })

  it('lets it start over after more than five minutes down', async () => {
    const stage = await startAfter(300_001)
    expect(stage.advance(seconds(200))).toMatchObject([{ event: 'raised', at: 102_000 }])
  })

  it('waits for ever for a series that does not come back', async () => {
    const scene = createStageScene()
    scene.rules(delayed)
    scene.message(0, 'a', { temp: 81 })
    const after = await scene.restart(40, 1)
    after.rules(delayed, 41)
    expect(after.stage.advance(seconds(100_000))).toEqual([])
  })

  it('brings back who is offline where there are no rules at all', async () => {
    const scene = createStageScene()
    scene.rules('')
    scene.stage.presence('a', false, seconds(1))
    await scene.store.commit()
    await scene.stage.restore({ store: scene.store, saved: copyOf(scene.stage), resume: { kind: 'undo', times: seconds(2) } })
    expect(told(scene.stage.presence('a', true, seconds(3)))).toEqual(['technical.offline a cleared normal'])
  })
})

describe('rules edited while running', () => {
  it('keep their state when words, routes or priority change', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, clearFor: 5s, message: old }]')
    message(0, 'a', { temp: 81 })
    message(1, 'a', { temp: 20 })
    expect(rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, clearFor: 5s, message: new, priority: high }]', 2)).toEqual([])
    const [returned] = stage.advance(seconds(6))
    expect(returned).toMatchObject({ event: 'returned', alarm: { message: 'old' }, at: 6_000 })
    expect(message(7, 'a', { temp: 81 })).toMatchObject([{ event: 'reraised', alarm: { message: 'new', priority: 'high', occurrence: 2 } }])
  })

  it('retire their alarms when the condition changes, and count on', () => {
    const { rules, message } = createStageScene()
    rules(hot)
    message(0, 'a', { temp: 81 })
    const changed = rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 70 } }]', 1)
    expect(changed).toMatchObject([{ event: 'retired', from: 'unacked', alarm: { state: 'normal', active: false }, reason: 'rule changed' }])
    expect(ruleWith(changed[0]).when.spec).toMatchObject({ limits: { hihi: 90 } })
    expect(message(2, 'a', { temp: 75 })).toMatchObject([{ event: 'raised', alarm: { occurrence: 2 } }])
  })

  it.each([['', 'rule removed'], [hot.replace(' }]', ', mode: off }]'), 'rule removed'], [hot.replace(' }]', ', mode: shadow }]'), 'rule changed']])('retire their alarms when they go, are switched off or only watch: %s', (yaml, reason) => {
    const { rules, message, stage } = createStageScene()
    rules(hot)
    message(0, 'a', { temp: 81 })
    stage.act({ verb: 'suppress', rule: 'hot', key: 'a', by: 'ann' }, seconds(1))
    expect(rules(yaml, 2)).toMatchObject([{ event: 'retired', reason, rule: { mode: 'live' }, alarm: { overlays: [] } }])
  })

  it('take their alarms with them when they are gone at the start', async () => {
    const scene = createStageScene()
    scene.rules(hot)
    scene.message(0, 'a', { temp: 81 })
    const after = await scene.restart(1, 1)
    expect(after.rules('', 2)).toMatchObject([{ event: 'retired', rule: { id: 'hot' }, alarm: { id: expect.stringMatching(/^hot~a~/) as unknown } }])
  })

  it('watch silently in shadow: recorded, marked as such, no technical alarm of theirs', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, stale: 10s, mode: shadow }]')
    expect(message(0, 'a', { temp: 81 })).toMatchObject([{ event: 'raised', rule: { mode: 'shadow' }, alarm: { shadow: true } }])
    expect(stage.advance(seconds(60)).map(({ event, rule }) => [event, rule.mode])).toEqual([['quality-changed', 'shadow']])
  })

  it('in shadow say so of their alarms, after a restart, too', async () => {
    const scene = createStageScene()
    scene.rules('rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, mode: shadow }]')
    scene.message(0, 'a', { temp: 81 })
    expect((await scene.restart(1, 1)).stage.list()).toMatchObject([{ rule: 'hot', shadow: true, restored: true }])
  })
})

describe('a rule that throws', () => {
  const brittle: Kind = {
    name: 'level',
    compile: () => ({
      ...plainLevels, form: 'signal', scope: 'series', order: 'newest', expires: true, create: () => null, limitOf: () => null,
      judge(sample) {
        if (sample.value === 13) throw new Error('thirteen')
        return sample.value === 12 ? 1 : normal
      },
    }),
  }

  it('is taken out with a technical alarm; its alarms stay, of unknown quality; other rules go on', () => {
    const scene = createStageScene([{ ...brittle, name: 'absent-minded' }])
    const [healthy] = ruleSet()
    const broken = { ...healthy!, id: 'broken', when: { kind: 'absent-minded', spec: {} } }
    scene.stage.replaceRules([broken, healthy!], seconds(0))
    scene.message(0, 'a', { temp: 12 })
    const thrown = scene.message(1, 'a', { temp: 13 })
    expect(told(thrown)).toEqual(['broken a quality-changed unacked', 'technical.rule broken raised unacked'])
    expect(thrown[1]!.alarm).toMatchObject({ class: 'technical', priority: 'high', message: expect.stringContaining('thirteen') as unknown })
    expect([...scene.stage.faulty()]).toEqual([['broken', 'thirteen']])
    expect(told(scene.message(2, 'a', { temp: 95 }))).toEqual(['hot a raised unacked'])
    expect(told(scene.message(3, 'a', { temp: 13 }))).toEqual(['hot a returned rtn-unacked'])

    expect(told(scene.stage.replaceRules([broken, healthy!], seconds(4)))).toEqual([])
    expect(told(scene.stage.replaceRules([{ ...broken, version: 'mended' }, healthy!], seconds(5)))).toEqual(['technical.rule broken cleared normal'])
    expect(told(scene.message(6, 'a', { temp: 1 }))).toEqual(['broken a quality-changed unacked', 'broken a returned rtn-unacked'])
    expect(scene.stage.faulty().size).toBe(0)
  })

  it('of a kind there is not is faulty from the start', () => {
    const scene = createStageScene()
    const [healthy] = ruleSet()
    expect(told(scene.stage.replaceRules([{ ...healthy!, when: { kind: 'magic', spec: {} } }], seconds(0)))).toEqual(['technical.rule hot raised unacked'])
    expect(told(scene.stage.replaceRules([], seconds(1)))).toEqual(['technical.rule hot cleared normal'])
  })

  function ruleSet() {
    const scene = createStageScene()
    scene.rules(hot)
    return scene.message(0, 'x', { temp: 99 }).map(({ rule }) => rule)
  }
})

describe('devices', () => {
  it('that are offline have one technical alarm, not one per series; what they last said is of unknown quality until they speak', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: "t*" }, when: { above: 80 }, stale: 10s }]')
    message(0, 'a', { t1: 81, t2: 81, t3: 20 })
    expect(told(stage.presence('a', false, seconds(1)))).toEqual(['hot a.t1 quality-changed unacked', 'hot a.t2 quality-changed unacked', 'technical.offline a raised unacked'])
    expect(stage.presence('a', false, seconds(2))).toEqual([])
    expect(stage.advance(seconds(60))).toEqual([])
    expect(told(stage.presence('a', true, seconds(61)))).toEqual(['technical.offline a cleared normal'])
    // Back, and still silent: now that is a fault of the series.
    expect(told(message(65, 'a', { t1: 82 }))).toEqual(['hot a.t1 quality-changed unacked'])
    expect(told(stage.advance(seconds(71)))).toEqual(['technical.stale a.t2 raised unacked', 'technical.stale a.t3 raised unacked'])
  })

  it('that come back soon enough give their word back with it', () => {
    const { rules, message, stage } = createStageScene()
    rules(hot)
    message(0, 'a', { temp: 81 })
    expect(stage.presence('a', false, seconds(1))[1]!.alarm).toMatchObject({ class: 'technical', priority: 'medium', device: 'a', key: 'a' })
    expect(told(stage.presence('a', true, seconds(2)))).toEqual(['hot a quality-changed unacked', 'technical.offline a cleared normal'])
  })

  it('stay offline over a restart', async () => {
    const scene = createStageScene()
    scene.rules(hot)
    scene.stage.presence('a', false, seconds(1))
    const after = await scene.restart(2, 1)
    after.rules(hot, 3)
    expect(after.stage.presence('a', false, seconds(4))).toEqual([])
    expect(told(after.stage.presence('a', true, seconds(5)))).toEqual(['technical.offline a cleared normal'])
  })

  it('in the registry are missed though never heard of', () => {
    const { rules, stage, device } = createStageScene()
    device('bed-1')
    device('fridge')
    rules('rules: [{ id: gone, on: { device: "bed-*" }, when: { absent: { after: 30s, grace: 60s } } }]')
    expect(device('bed-2', {}, 10)).toEqual([])
    expect(stage.advance(seconds(100)).map(({ alarm, at }) => [alarm.key, at])).toEqual([['bed-1', 60_000], ['bed-2', 70_000]])
  })

  it('are selected by type and label, and anew when those change', () => {
    const { rules, message, device } = createStageScene()
    device('a', { type: 'monitor', labels: { ward: 'east' } })
    rules('rules: [{ id: east, on: { deviceType: mon*, label: { ward: east } }, when: { above: 80 } }]')
    expect(told(message(0, 'a', { temp: 81 }))).toEqual(['east a.temp raised unacked'])
    expect(message(0, 'b', { temp: 81 })).toEqual([])
    expect(told(device('a', { type: 'monitor', labels: { ward: 'west' } }, 1))).toEqual(['east a.temp retired normal'])
    expect(message(2, 'a', { temp: 99 })).toEqual([])
    device('b', { type: 'monitor', labels: { ward: 'east' } }, 3)
    expect(told(message(4, 'b', { temp: 99 }))).toEqual(['east b.temp raised unacked'])
  })

  it('whose labels changed while the gateway was down lose their alarms', async () => {
    const scene = createStageScene()
    scene.device('a', { labels: { ward: 'east' } })
    const yaml = 'rules: [{ id: east, on: { label: { ward: east } }, when: { above: 80 } }]'
    scene.rules(yaml)
    scene.message(0, 'a', { temp: 81 })
    const after = await scene.restart(1, 1)
    expect(told(after.device('a', { labels: { ward: 'west' } }, 2))).toEqual(['east a.temp retired normal'])
  })
})

describe('technical alarms of the gateway', () => {
  it('are raised once, clear by themselves, and are high', () => {
    const { stage } = createStageScene()
    const away = { rule: 'technical.influx', active: true, message: 'InfluxDB refuses us {value}' } as const
    expect(stage.technical(away, seconds(0))).toMatchObject([{ event: 'raised', alarm: { key: 'gateway', rule: 'technical.influx', class: 'technical', priority: 'high', message: 'InfluxDB refuses us {value}' } }])
    expect(stage.technical(away, seconds(1))).toEqual([])
    expect(stage.technical({ ...away, key: 'lamp-1.light', device: 'lamp-1' }, seconds(1))).toMatchObject([{ alarm: { key: 'lamp-1.light', device: 'lamp-1', metric: null } }])
    expect(told(stage.technical({ ...away, active: false }, seconds(2)))).toEqual(['technical.influx gateway cleared normal'])
    expect(stage.technical({ ...away, active: false }, seconds(3))).toEqual([])
  })

  it('are announced as a rule of their id says', () => {
    const { rules, stage } = createStageScene()
    rules('rules: [{ id: technical.influx, priority: low, ack: required, message: "away", then: [{ notify: nurse-call }] }, { id: technical.disk, mode: off }]')
    const [raised] = stage.technical({ rule: 'technical.influx', active: true, message: 'x' }, seconds(0))
    expect(raised).toMatchObject({ alarm: { priority: 'low', message: 'away' }, rule: { then: [{ notify: 'nurse-call' }] } })
    expect(told(stage.technical({ rule: 'technical.influx', active: false, message: 'x' }, seconds(1)))).toEqual(['technical.influx gateway returned rtn-unacked'])
    expect(stage.technical({ rule: 'technical.disk', active: true, message: 'x' }, seconds(1))).toEqual([])
  })
})
