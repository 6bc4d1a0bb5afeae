import { describe, expect, it } from 'vitest'
import { createStageScene, seconds, told } from '../support/stage-scene.ts'

describe('keys that come out of events', () => {
  it.each(['device', 'data.card'])('are forgotten once nothing goes on: %s', (key) => {
    const { stage, rules } = createStageScene()
    rules(`- { id: dear, on: { event: "sale.*" }, when: { expression: "data.amount > 100" }, key: ${key}, ack: auto }`)
    const sell = (s: number, who: string, amount: number) => stage.hear({ type: 'sale.made', data: { amount, card: who, device: who }, device: who }, seconds(s))
    for (let i = 0; i < 500; i++) expect(sell(i, `till-${i}`, 5)).toEqual([])
    expect(stage.save().cells).toEqual([])
    expect(told(sell(600, 'till-7', 500))).toEqual(['dear till-7 raised unacked'])
    expect(stage.save().cells).toHaveLength(1)
    expect(told(sell(601, 'till-7', 5))).toEqual(['dear till-7 cleared normal'])
    expect(stage.save().cells).toEqual([])
  })

  it('are of the rules that hear the type: others never notice, and rules that come later hear types that are known', () => {
    const { stage, rules } = createStageScene()
    const ring = (s: number) => told(stage.hear({ type: 'bell.rung', data: { times: 3 }, device: null }, seconds(s)))
    const rule = (id: string, event: string) => `- { id: ${id}, on: { event: "${event}" }, when: { expression: "data.times > 2" }, key: rule }\n`
    rules(rule('door', 'door.*'))
    expect(ring(1)).toEqual([])
    rules(`${rule('door', 'door.*')}${rule('bell', 'bell.*')}`, 2)
    expect(ring(3)).toEqual(['bell bell raised unacked'])
  })
})

describe('a set of rules of which one is edited', () => {
  it('goes on with the others where they are, and with devices that were never heard of', () => {
    const { stage, rules, message, device } = createStageScene()
    device('d1')
    device('d2', { labels: { ward: 'east' } })
    const silent = '- { id: silent, on: { metric: t, label: { ward: east } }, when: { absent: { after: 30s } } }\n'
    rules(`- { id: hot, on: { metric: t }, when: { above: 50 }, for: 10s }\n${silent}`, 1)
    message(2, 'd1', { t: 60 })
    rules(`- { id: hot, on: { metric: t }, when: { above: 50 }, for: 10s }\n- { id: cold, on: { metric: t }, when: { below: 5 } }\n${silent}`, 5)
    expect(told(stage.advance(seconds(12)))).toEqual(['hot d1 raised unacked'])
    expect(told(message(13, 'd1', { t: 1 }))).toEqual(['cold d1 raised unacked', 'hot d1 returned rtn-unacked'])
    expect(told(stage.advance(seconds(31)))).toEqual(['silent d2 raised unacked'])
    // Gone, the rule concerns no series any more.
    rules(`- { id: hot, on: { metric: t }, when: { above: 50 }, for: 10s }\n${silent}`, 40)
    expect(told(message(41, 'd1', { t: 1 }))).toEqual([])
  })
})
