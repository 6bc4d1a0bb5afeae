import { describe, expect, it } from 'vitest'
import { createAlarmStage } from '../gateway/alarm-stage.ts'
import type { Kind } from '../gateway/rules/kind.ts'
import { createStageMetrics } from '../gateway/stage-metrics.ts'
import { createMemoryStore } from './support/memory-store.ts'
import { createStageScene, seconds } from './support/stage-scene.ts'
import { rulesOf } from './support/timeline.ts'

const broken: Kind = {
  name: 'flat',
  compile() {
    throw new Error('cannot be carried out')
  },
}

describe('the figures of rules and alarms', () => {
  it('count rules by what becomes of them, alarms by state, and what was too late', async () => {
    const { stage, store, rules, message } = createStageScene()
    const figures = async () => {
      await store.commit()
      return new Map([...createStageMetrics(stage)()].map(({ name, labels, value }) => [`${name}${labels === undefined ? '' : ` ${labels['state']}`}`, value]))
    }
    expect((await figures()).get('limen_rules live')).toBe(0)
    rules('- { id: hot, on: { metric: t }, when: { above: 50 } }\n- { id: try, on: { metric: t }, when: { above: 10 }, mode: shadow }\n- { id: not, on: { metric: t }, when: { above: 10 }, mode: off }')
    message(1, 'oven', { t: 60 })
    message(2, 'hall', { t: 20 })
    message(3, 'hall', { t: 5 })
    expect(Object.fromEntries(await figures())).toMatchObject({
      'limen_rules live': 1, 'limen_rules shadow': 1, 'limen_rules off': 1, 'limen_rules faulty': 0, 'limen_alarms unacked': 2, 'limen_alarms rtn-unacked': 1, 'limen_alarms normal': 0, limen_readings_late_total: 0,
    })
  })

  it('count the events that a rule did not hear, where it holds as many keys as it may', () => {
    const { stage, rules } = createStageScene()
    const used = (card: number) => stage.hear({ type: 'card.used', data: { card }, device: null }, seconds(1))
    rules('- { id: tries, on: { event: "card.*" }, key: data.card, when: { frequency: { gt: 5, in: 1h } } }')
    for (let card = 0; card < 200_003; card++) used(card)
    used(0)
    const figures = new Map([...createStageMetrics(stage)()].map(({ name, value }) => [name, value]))
    expect(figures.get('limen_events_passed_over_total')).toBe(3)
  })

  it('count a rule that cannot be evaluated as faulty', () => {
    const stage = createAlarmStage({ kinds: [broken] }, { state: createMemoryStore() })
    stage.replaceRules(rulesOf('[{ id: still, on: { metric: t }, when: { flat: { eps: 0, span: 1min } } }]'), seconds(0))
    const figures = [...createStageMetrics(stage)()].filter(({ name }) => name === 'limen_rules').map(({ labels, value }) => `${labels!['state']} ${value}`)
    expect(figures).toEqual(['live 0', 'shadow 0', 'off 0', 'faulty 1'])
  })
})
