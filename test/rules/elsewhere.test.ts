import { describe, expect, it } from 'vitest'
import { createAlarmStage } from '../../gateway/alarm-stage.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createStageScene, seconds, told } from '../support/stage-scene.ts'
import { copyOf } from '../support/timeline.ts'

const off = 'rules: [{ id: off, on: { metric: temp, device: "room-*" }, when: { deviation: { of: { device: outside, metric: ref }, gt: 5 } } }]'

describe('a signal of another device', () => {
  it('is heard from when there is something to compare with it, though it was there first', () => {
    const { rules, message } = createStageScene()
    rules(off)
    message(1, 'outside', { ref: 20 })
    message(2, 'room-1', { temp: 20 })
    message(3, 'outside', { ref: 21 })
    expect(told(message(4, 'room-1', { temp: 30 }))).toEqual(['off room-1 raised unacked'])
    expect(told(message(5, 'outside', { ref: 27 }))).toEqual(['off room-1 returned rtn-unacked'])
  })

  it('raises nothing more for a device that the rule no longer concerns', () => {
    const { rules, message, device } = createStageScene()
    rules('rules: [{ id: off, on: { metric: temp, label: { ward: east } }, when: { deviation: { of: { device: outside, metric: ref }, gt: 5 } } }]')
    device('room-1', { labels: { ward: 'east' } })
    message(1, 'room-1', { temp: 20 })
    message(2, 'outside', { ref: 20 })
    device('room-1', { labels: { ward: 'west' } }, 3)
    expect(message(4, 'outside', { ref: 40 })).toEqual([])
    expect(message(5, 'outside', { ref: 20 })).toEqual([])
  })

  it('that its own device gave and no longer may is forgotten, though the device goes on in another', () => {
    const { rules, message, device, stage } = createStageScene()
    device('a', { labels: { room: 'x' } })
    rules('rules: [{ id: then, on: { metric: one }, when: { sequence: [{ metric: one, gt: 1 }, { metric: two, label: { room: x }, gt: 1 }], within: 5s } }]')
    message(1, 'a', { one: 0 })
    message(2, 'a', { two: 0 })
    device('a', { labels: { room: 'y' } }, 3)
    const again = createAlarmStage({ kinds }, { state: { put() {}, delete() {}, onDisk() {} } })
    return again.restore({ store: createMemoryStore(), saved: copyOf(stage), resume: { kind: 'undo', times: seconds(3) } }).then(() => expect(again.stateHash()).toBe(stage.stateHash()))
  })

  it('is heard for keys that events make', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: went, on: { device: "*" }, when: { sequence: [{ event: card.read }, { device: door, metric: open, eq: true }], within: 10s } }]')
    message(1, 'door', { open: false })
    stage.hear({ type: 'card.read', data: {}, device: 'reader' }, seconds(2))
    expect(told(message(3, 'door', { open: true }))).toEqual(['went reader raised unacked'])
  })

  it.each(['lead-off', 'stale'])('counts for no key that comes while its series has a technical alarm (%s)', (which) => {
    const { rules, message, device, stage } = createStageScene()
    device('outside', { settings: { metrics: { ref: { leadOff: 'loose' } } } })
    rules('rules: [{ id: both, on: { device: "room-*" }, when: { all: [{ metric: temp, gt: 25 }, { device: outside, metric: ref, lt: 21 }], maxAge: 10min } }, { id: other, on: { metric: ref }, when: { above: 90 }, stale: 10s }]')
    message(1, 'outside', { ref: 20 })
    if (which === 'lead-off') message(2, 'outside', { loose: true })
    else stage.advance(seconds(12))
    expect(message(13, 'room-1', { temp: 26 })).toEqual([])
    if (which === 'lead-off') message(14, 'outside', { loose: false })
    expect(message(15, 'room-2', { temp: 26 })).toEqual([])
    expect(told(message(16, 'outside', { ref: 20 })).filter((one) => one.startsWith('both'))).toEqual(['both room-1 raised unacked', 'both room-2 raised unacked'])
  })

  it('counts for none while its device is offline, though the gateway was down for long since', async () => {
    const before = createStageScene()
    const set = 'rules: [{ id: both, on: { device: "room-*" }, when: { all: [{ metric: temp, gt: 25 }, { device: outside, metric: ref, lt: 21 }] } }]'
    before.rules(set)
    before.message(1, 'outside', { ref: 20 })
    before.message(1, 'room-1', { temp: 20 })
    before.stage.presence('outside', false, seconds(2))
    const { message, rules, stage } = await before.restart(3, 301)
    rules(set, 3)
    expect(message(4, 'room-1', { temp: 26 })).toEqual([])
    expect(message(4, 'room-2', { temp: 26 })).toEqual([])
    // It did not change meanwhile, says the device that was never asked again.
    expect(told(stage.presence('outside', true, seconds(5))).toSorted()).toEqual(['both room-1 raised unacked', 'both room-2 raised unacked', 'technical.offline outside cleared normal'])
  })

  it('counts for a key that a label makes, or an edit of the rule, from its next sample on', () => {
    const { rules, message, device } = createStageScene()
    const set = (gt: number): string => `rules: [{ id: off, on: { metric: temp, label: { ward: east } }, when: { deviation: { of: { device: outside, metric: ref }, gt: ${gt} } } }, { id: warm, on: { metric: temp }, when: { above: 90 } }]`
    rules(set(5))
    message(1, 'outside', { ref: 20 })
    message(2, 'room-1', { temp: 20 })
    device('room-1', { labels: { ward: 'east' } }, 3)
    expect(told(message(4, 'room-1', { temp: 26 }))).toEqual(['off room-1 raised unacked'])
    expect(told(rules(set(3), 5))).toEqual(['off room-1 retired normal'])
    expect(told(message(6, 'room-1', { temp: 24 }))).toEqual(['off room-1 raised unacked'])
  })
})
