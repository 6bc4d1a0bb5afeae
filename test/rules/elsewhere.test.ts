import { describe, expect, it } from 'vitest'
import { createStageScene, seconds, told } from '../support/stage-scene.ts'

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

  it('is heard for keys that events make', () => {
    const { rules, message, stage } = createStageScene()
    rules('rules: [{ id: went, on: { device: "*" }, when: { sequence: [{ event: card.read }, { device: door, metric: open, eq: true }], within: 10s } }]')
    message(1, 'door', { open: false })
    stage.hear({ type: 'card.read', data: {}, device: 'reader' }, seconds(2))
    expect(told(message(3, 'door', { open: true }))).toEqual(['went reader raised unacked'])
  })
})
