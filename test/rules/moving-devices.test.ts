import { describe, expect, it } from 'vitest'
import { createStageScene, seconds, told } from '../support/stage-scene.ts'
import { copyOf } from '../support/timeline.ts'

const inWard = (ward: string) => ({ labels: { ward } })

describe('a device whose label was the key', () => {
  it('takes its part out of what it left: the others decide', () => {
    const { rules, device, message } = createStageScene()
    rules('rules: [{ id: fans, on: { device: "f*" }, key: label.ward, when: { atLeast: { n: 2, of: { metric: fault }, eq: true } } }]')
    for (const id of ['f1', 'f2', 'f3']) device(id, inWard('east'))
    message(1, 'f1', { fault: true })
    message(1, 'f3', { fault: false })
    expect(told(message(2, 'f2', { fault: true }))).toEqual(['fans east raised unacked'])
    expect(told(device('f2', inWard('west'), 3))).toEqual(['fans east returned rtn-unacked'])
  })

  it.each([
    ['score', 'score: { table: news2 }', { spo2: 50 }, { spo2: 99 }],
    ['expression', 'expression: "metrics.heart_rate > 150"', { heart_rate: 200 }, { heart_rate: 60 }],
    ['geofence', 'geofence: { zone: { circle: { lat: 0, lon: 0, radius: 1km } }, on: exit }', { lat: 10, lon: 10 }, { lat: 0, lon: 0 }],
  ])('is forgotten there by %s', (_kind, when, bad, good) => {
    const { rules, device, message, stage } = createStageScene()
    rules(`rules: [{ id: r, on: { device: "d*" }, key: label.ward, when: { ${when} }, stale: 1h }]`)
    for (const id of ['d1', 'd2']) device(id, inWard('east'))
    message(1, 'd2', good)
    expect(told(message(2, 'd1', bad))).toEqual(['r east raised unacked'])
    device('d1', inWard('west'), 3)
    const memory = JSON.stringify(copyOf(stage).cells.filter(({ key }) => key === 'east').map(({ memory: one }) => one))
    expect(memory).not.toMatch(/:(200|50)[,}]/)
    expect(memory).not.toContain('"d1",{"inside')
    expect(memory).not.toContain('["d1"')
  })

  it('leaves nothing to be stale of: its series goes on elsewhere', () => {
    const { rules, device, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, key: label.ward, when: { above: 50 }, stale: 10s }]')
    for (const id of ['a', 'b']) device(id, inWard('east'))
    message(0, 'b', { temp: 20 })
    message(1, 'a', { temp: 60 })
    device('a', inWard('west'), 2)
    for (let s = 3; s < 30; s += 3) expect(told(message(s, 'a', { temp: 20 })).filter((line) => line.startsWith('technical.stale a'))).toEqual([])
    expect(told(stage.advance(seconds(37)))).toEqual(['technical.stale a.temp raised unacked'])
  })

  it('retires the alarm that nobody is left for', () => {
    const { rules, device, message, stage } = createStageScene()
    rules('rules: [{ id: hot, on: { metric: temp }, key: label.ward, when: { above: 50 } }, { id: all, on: { label: { ward: east } }, key: rule, when: { any: [{ metric: temp, gt: 50 }] } }]')
    device('a', inWard('east'))
    expect(told(message(1, 'a', { temp: 60 }))).toEqual(['hot east raised unacked', 'all all raised unacked'])
    expect(told(device('a', inWard('west'), 2))).toEqual(['all all retired normal', 'hot east retired normal'])
    expect(copyOf(stage).cells.map(({ rule, key }) => `${rule} ${key}`)).toEqual(['hot west'])
    expect(told(message(3, 'a', { temp: 61 }))).toEqual(['hot west raised unacked'])
  })

  it('is missed where it is now, not where it was', () => {
    const { rules, device, message, stage } = createStageScene()
    rules('rules: [{ id: gone, on: { device: "*" }, key: label.ward, when: { absent: { after: 10s } } }]')
    device('a', inWard('east'))
    message(1, 'a', { temp: 60 })
    device('a', inWard('west'), 2)
    expect(told(stage.advance(seconds(60)))).toEqual(['gone west raised unacked'])
  })
})

describe('a device that a rule about events no longer concerns', () => {
  it('loses its alarm, and is not heard', () => {
    const { rules, device, stage } = createStageScene()
    rules('rules: [{ id: often, on: { event: "login.*", label: { ward: east } }, when: { frequency: { gt: 0, in: 1min } } }]')
    device('a', inWard('east'))
    const login = (s: number, of: string | null) => told(stage.hear({ type: 'login.failed', data: {}, device: of }, seconds(s)))
    expect(login(1, 'a')).toEqual(['often a raised unacked'])
    expect(login(2, 'b')).toEqual([])
    expect(login(3, null)).toEqual([])
    expect(told(device('a', inWard('west'), 4))).toEqual(['often a retired normal'])
    expect(login(5, 'a')).toEqual([])
  })
})
