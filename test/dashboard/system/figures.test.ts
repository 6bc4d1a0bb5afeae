import { describe, expect, it } from 'vitest'
import { differenceOf, groupDead } from '../../../dashboard/src/system/balance.ts'
import { factsOf } from '../../../dashboard/src/system/facts.ts'
import { figuresOf } from '../../../dashboard/src/system/figures.ts'
import { parseMetrics } from '../../../dashboard/src/system/prometheus.ts'

const look = (at: number, text: string) => ({ at, samples: parseMetrics(text) })
const textOf = (figures: ReturnType<typeof figuresOf>, name: string) => Object.values(figures).flat().find((figure) => figure.name === name)?.text

describe('figures', () => {
  const before = look(0, 'limen_readings_total 1000\nlimen_store_commits_total 10\nlimen_store_commit_seconds_total 1')

  it('are worked out from two looks', () => {
    const figures = figuresOf(look(2_000, 'limen_readings_total 3000\nlimen_store_commits_total 50\nlimen_store_commit_seconds_total 1.2'), before)
    expect(['Readings a second', 'Commits a second', 'Mean commit'].map((name) => textOf(figures, name))).toEqual(['1,000', '20', '5.0 ms'])
  })

  it('leave out what is not known: one look only, no metric, a gateway that was started anew', () => {
    expect(textOf(figuresOf(before, undefined), 'Readings a second')).toBeUndefined()
    expect(textOf(figuresOf(look(2_000, 'limen_readings_total 5'), before), 'Readings a second')).toBeUndefined()
    expect(figuresOf(before, undefined).InfluxDB).toEqual([])
  })

  it('mark what is not as it should be', () => {
    const { InfluxDB } = figuresOf(look(0, 'limen_influx_up 0\nlimen_influx_lag_seconds 75\nlimen_influx_readings_total{outcome="delivered"} 7'), undefined)
    expect(InfluxDB).toEqual([
      { name: 'Takes readings', text: 'no', wrong: true },
      { name: 'Behind by', text: '1 min 15 s', wrong: false },
      { name: 'Readings delivered', text: '7', wrong: false },
    ])
  })
})

describe('the books', () => {
  it('balance, or say by how much they do not', () => {
    const row = { received: 10, delivered: 5, queued: 2, deadLettered: 1, dropped: { expired: 1, full: 1 } }
    expect([differenceOf(row), differenceOf({ ...row, received: 12 })]).toEqual([0, 2])
  })

  it('group dead letters by target and cause, the largest group first', () => {
    const letter = (id: string, target: string, cause: string) => ({ id, target, cause }) as Parameters<typeof groupDead>[0][number]
    expect(groupDead([letter('1', 'a', 'x'), letter('2', 'b', 'x'), letter('3', 'b', 'x')]).map(({ target, letters }) => [target, letters.length])).toEqual([['b', 2], ['a', 1]])
  })
})

describe('what the gateway says of itself', () => {
  it('is shown whatever it is: sizes, times, parts of parts', () => {
    expect(factsOf({ version: '1', now: 'x', health: {}, disk: { freeBytes: 2_048 }, started: '2026-11-26T08:00:00.000Z', log: { last: 1_234 }, retention: { readingsMs: 2_592_000_000, maxSizeBytes: null } })).toEqual([
      { name: 'Version', text: '1' },
      { name: 'Disk free', text: '2.0 KiB' },
      { name: 'Started', text: '2026-11-26T08:00:00.000Z', since: Date.parse('2026-11-26T08:00:00.000Z') },
      { name: 'Log last', text: '1,234' },
      { name: 'Retention readings', text: '30 d' },
    ])
  })
})
