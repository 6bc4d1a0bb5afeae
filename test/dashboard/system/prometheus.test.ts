import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseMetrics, totalOf } from '../../../dashboard/src/system/prometheus.ts'
import { renderMetrics } from '../../../gateway/web/metrics-text.ts'

describe('the metrics of the gateway', () => {
  it('are read with their labels; comments and what cannot be read are left out', () => {
    const samples = parseMetrics('# HELP limen_a Help\n# TYPE limen_a counter\nlimen_a 3\nlimen_b{target="x y",reason="a \\"b\\"\\\\\\n"} 1.5e3\nnonsense\nlimen_c +Inf 1700000000000\n\nlimen_d 1x\n')
    expect(samples).toEqual([
      { name: 'limen_a', labels: {}, value: 3 },
      { name: 'limen_b', labels: { target: 'x y', reason: 'a "b"\\\n' }, value: 1_500 },
      { name: 'limen_c', labels: {}, value: Infinity },
    ])
  })

  it('add up over labels', () => {
    const samples = parseMetrics('a{q="0"} 1\na{q="1"} 2\n')
    expect([totalOf(samples, 'a'), totalOf(samples, 'a', { q: '1' }), totalOf(samples, 'b')]).toEqual([3, 2, undefined])
  })

  it('are read as the gateway writes them', () => {
    const labels = fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string(), { maxKeys: 3 })
    fc.assert(fc.property(labels, fc.double(), (given, value) => {
      const [sample] = parseMetrics(renderMetrics([function* () { yield { name: 'limen_x', help: 'x', type: 'gauge', value, labels: given } }]))
      expect(sample).toEqual({ name: 'limen_x', labels: { ...given }, value: value === 0 ? 0 : value })
    }))
  })

  it('never throw', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseMetrics(text))))
  })
})
