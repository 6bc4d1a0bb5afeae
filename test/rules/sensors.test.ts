import { describe, expect, it } from 'vitest'
import { createStageScene, seconds, told } from '../support/stage-scene.ts'

const hot = 'rules: [{ id: hot, on: { metric: temp }, when: { above: 80 }, ack: auto }]'

describe('a sensor', () => {
  it('that gives what none can give has an alarm of its own, and its value says nothing to rules', () => {
    const { rules, message, device } = createStageScene()
    device('a', { settings: { metrics: { 'te*': { min: -40, max: 150 } } } })
    rules(hot)
    expect(told(message(1, 'a', { temp: 90 }))).toEqual(['hot a raised unacked'])
    const faulty = message(2, 'a', { temp: 3_276.7 })
    expect(told(faulty)).toEqual(['technical.range a.temp raised unacked', 'hot a quality-changed unacked'])
    expect(faulty[0]!.alarm).toMatchObject({ class: 'technical', priority: 'low', device: 'a', metric: 'temp', value: 3_276.7, message: expect.stringContaining('outside -40…150') as unknown })
    expect(message(3, 'a', { temp: -273 })).toEqual([])
    for (const noNumber of ['text', true]) expect(message(3.5, 'a', { temp: noNumber })).toEqual([])
    expect(told(message(4, 'a', { temp: 20 }))).toEqual(['technical.range a.temp cleared normal', 'hot a quality-changed unacked', 'hot a cleared normal'])
  })

  it('is looked at though no rule concerns it, and no longer when nothing is said of it any more', () => {
    const { rules, message, device } = createStageScene()
    rules('rules: []')
    device('a', { settings: { metrics: { temp: { max: 150 } } } })
    expect(told(message(1, 'a', { temp: 200 }))).toEqual(['technical.range a.temp raised unacked'])
    expect(told(device('a', { settings: {} }, 2))).toEqual(['technical.range a.temp cleared normal'])
    expect(message(3, 'a', { temp: 200 })).toEqual([])
  })

  it('that has not moved for its span is stuck, over a restart too', async () => {
    const scene = createStageScene()
    scene.device('a', { settings: { metrics: { temp: { flat: { eps: 0.1, span: '60s', minCount: 4 } } } } })
    scene.rules(hot)
    for (let s = 0; s < 60; s += 10) expect(scene.message(s, 'a', { temp: 90 + (s % 20) / 1_000 }).filter(({ alarm }) => alarm.rule !== 'hot')).toEqual([])
    const after = await scene.restart(55, 1)
    expect(told(after.message(60, 'a', { temp: 90 }))).toEqual(['technical.flat a.temp raised unacked', 'hot a quality-changed unacked'])
    expect(told(after.message(70, 'a', { temp: 70 }))).toEqual(['technical.flat a.temp cleared normal', 'hot a quality-changed unacked', 'hot a cleared normal'])
  })

  it('whose lead is off says nothing until it is on again', () => {
    const { rules, message, device } = createStageScene()
    device('a', { settings: { metrics: { 'ecg.*': { leadOff: 'lead' } } } })
    rules('rules: [{ id: fast, on: { metric: ecg.rate }, when: { above: 130 }, ack: auto }]')
    message(1, 'a', { 'ecg.rate': 140 })
    expect(told(message(2, 'a', { lead: true }))).toEqual(['technical.lead-off a.ecg.rate raised unacked', 'fast a quality-changed unacked'])
    expect(message(3, 'a', { 'ecg.rate': 0 })).toEqual([])
    expect(told(message(4, 'a', { lead: false }))).toEqual(['technical.lead-off a.ecg.rate cleared normal'])
    expect(told(message(5, 'a', { 'ecg.rate': 90 }))).toEqual(['fast a quality-changed unacked', 'fast a cleared normal'])
  })

  it('whose lead was off before anything was heard of it says nothing either, over a restart too', async () => {
    const settings = { metrics: { 'ecg.*': { leadOff: 'lead' } } }
    const text = 'rules: [{ id: fast, on: { metric: ecg.rate }, when: { above: 130 }, ack: auto }]'
    const scene = createStageScene()
    scene.device('a', { settings })
    scene.rules(text)
    expect(scene.message(1, 'a', { lead: true })).toEqual([])
    const after = await scene.restart(2, 1)
    expect(told(after.message(4, 'a', { 'ecg.rate': 140 }))).toEqual(['technical.lead-off a.ecg.rate raised unacked'])
    expect(told(after.message(5, 'a', { lead: false }))).toEqual(['technical.lead-off a.ecg.rate cleared normal'])
    expect(told(after.message(6, 'a', { 'ecg.rate': 140 }))).toEqual(['fast a raised unacked'])
  })
})

describe('a rule with a unit', () => {
  it('compares in that, whatever the reading comes in, and gives no answer to what cannot be put so', () => {
    const { rules, stage } = createStageScene()
    rules('rules: [{ id: fever, on: { metric: temp }, when: { above: 100.4 }, unit: "[degF]", ack: auto }]')
    const reading = (value: number, unit: string | undefined, s: number) =>
      stage.evaluate([{ series: { id: 0, device: 'a', metric: 'temp', storedId: 0 }, value, quality: 'good', unit, ts: seconds(s).wallMs, tsGiven: false, seq: undefined, receivedAt: seconds(s).wallMs, k: 0 }], seconds(s))
    expect(reading(37, 'Cel', 1)).toEqual([])
    const [raised] = reading(38, 'Cel', 2)
    expect(raised!.alarm).toMatchObject({ value: 100.4, unit: '[degF]', limit: 100.4 })
    expect(told(reading(101, undefined, 3))).toEqual([])
    expect(told(reading(38, 'kg', 4))).toEqual(['fever a quality-changed unacked'])
    expect(told(reading(310, 'K', 5))).toEqual(['fever a quality-changed unacked', 'fever a cleared normal'])
  })
})

describe('a clock', () => {
  it('that is off has an alarm of its device, and its readings count when they come', () => {
    const { rules, stage } = createStageScene()
    rules(hot)
    const reading = (value: number, ts: number, s: number) =>
      stage.evaluate([{ series: { id: 0, device: 'a', metric: 'temp', storedId: 0 }, value, quality: 'good', unit: undefined, ts, tsGiven: true, seq: undefined, receivedAt: seconds(s).wallMs, k: 0 }], seconds(s))
    expect(told(reading(90, seconds(1).wallMs - 61_000, 1))).toEqual(['technical.clock-suspect a raised unacked', 'hot a raised unacked'])
    expect(told(reading(20, seconds(2).wallMs, 2))).toEqual(['technical.clock-suspect a cleared normal', 'hot a cleared normal'])
  })
})
