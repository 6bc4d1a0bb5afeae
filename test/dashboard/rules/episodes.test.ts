import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TriedStep } from '../../../dashboard/src/rules/episodes.ts'
import { episodesOf, seriesOf, spansOf } from '../../../dashboard/src/rules/episodes.ts'

const step = (wallMs: number, event: string, more: Partial<TriedStep> = {}): TriedStep => ({ wallMs, event, rule: 'r', key: 'bed-1', device: 'bed-1', from: 'normal', to: 'unacked', level: null, value: 1, occurrence: 1, ...more })

describe('episodes of a backtest', () => {
  it('go from raised to gone, however it is gone', () => {
    const steps = [step(1, 'raised'), step(5, 'returned'), step(8, 'reraised'), step(9, 'latched'), step(12, 'reraised'), step(20, 'cleared')]
    expect(episodesOf(steps, 100).map(({ from, to, ended }) => [from, to, ended])).toEqual([[1, 5, true], [8, 9, true], [12, 20, true]])
  })

  it('last to the end of what was looked at where they have not ended', () => {
    expect(episodesOf([step(1, 'raised'), step(3, 'escalated')], 100)).toMatchObject([{ from: 1, to: 100, ended: false }])
  })

  it('are kept apart by key, and know the levels they went through', () => {
    const steps = [step(1, 'raised', { level: 'lo' }), step(2, 'raised', { key: 'bed-2', device: 'bed-2', level: 'lo' }), step(3, 'level-changed', { level: 'lolo' }), step(4, 'returned', { level: 'lo' })]
    expect(episodesOf(steps, 9).map(({ key, to, levels }) => [key, to, levels])).toEqual([['bed-1', 4, ['lo', 'lolo']], ['bed-2', 9, ['lo']]])
  })

  it('are as many as alarms were raised, never overlap within a key, and never end before they begin', () => {
    const events = fc.constantFrom('raised', 'reraised', 'returned', 'cleared', 'latched', 'level-changed', 'acked', 'retired', 'quality-changed')
    fc.assert(fc.property(fc.array(fc.tuple(events, fc.constantFrom('a', 'b'))), (all) => {
      const episodes = episodesOf(all.map(([event, key], index) => step(index, event, { key })), all.length)
      for (const key of ['a', 'b']) {
        const own = episodes.filter((episode) => episode.key === key)
        for (const [index, { from, to }] of own.entries()) {
          expect(to).toBeGreaterThanOrEqual(from)
          if (index > 0) expect(from).toBeGreaterThanOrEqual(own.at(index - 1)!.to)
        }
      }
    }))
  })
})

describe('what is drawn of them', () => {
  it('has the highest priority of the levels it went through', () => {
    const episodes = episodesOf([step(1, 'raised', { level: 'lo' }), step(3, 'level-changed', { level: 'lolo' })], 9)
    expect(spansOf(episodes, { lo: 'medium', lolo: 'high' })).toEqual([{ from: 1, to: 9, priority: 'high', label: 'very low' }])
    expect(spansOf(episodes, 'low')).toEqual([{ from: 1, to: 9, priority: 'low', label: 'low' }])
    expect(spansOf(episodesOf([step(1, 'raised')], 2), 'medium')).toEqual([{ from: 1, to: 2, priority: 'medium', label: 'medium' }])
  })

  it('is the signal of the rule on the devices with most alarms', () => {
    const on = (device: string, times: number): TriedStep[] => Array.from({ length: times }, (_, index) => [step(index * 2, 'raised', { key: device, device }), step(index * 2 + 1, 'cleared', { key: device, device })]).flat()
    const episodes = episodesOf([...on('bed-1', 1), ...on('bed-2', 3), ...on('bed-3', 2)], 99)
    expect(seriesOf(episodes, { on: { metric: 'spo2' }, when: { kind: 'level', spec: {} } }, 2).map(({ device, metric, episodes: own }) => [device, metric, own.length])).toEqual([['bed-2', 'spo2', 3], ['bed-3', 'spo2', 2]])
  })

  it('finds the metric in the key, or those that the condition names', () => {
    const one = (more: Partial<TriedStep>) => episodesOf([step(1, 'raised', more)], 2)
    expect(seriesOf(one({ key: 'bed-1.spo2' }), { on: { metric: 'sp*' }, when: { kind: 'level', spec: {} } }, 4).map(({ metric }) => metric)).toEqual(['spo2'])
    expect(seriesOf(one({}), { on: { device: 'bed-*' }, when: { kind: 'all', spec: { conditions: [{ metric: 'hr', gt: 120 }, { metric: 'sbp', lt: 90 }] } } }, 4).map(({ metric }) => metric)).toEqual(['hr', 'sbp'])
    expect(seriesOf(one({ device: 'door-front' }), { on: { device: '*' }, when: { kind: 'sequence', spec: { steps: [{ device: 'door-front', metric: 'contact', eq: 'open' }, { not: { device: 'motion-hall', metric: 'motion', eq: true } }, { device: 'bed-*', metric: 'spo2' }] } } }, 4)
      .map(({ device, metric }) => `${metric} of ${device}`)).toEqual(['contact of door-front', 'motion of motion-hall', 'spo2 of door-front'])
    expect(seriesOf(one({ key: 'east', device: null }), { on: { metric: 'spo2' }, when: { kind: 'level', spec: {} } }, 4)).toEqual([])
  })
})
