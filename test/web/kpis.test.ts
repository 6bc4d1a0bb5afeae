import { describe, expect, it } from 'vitest'
import type { KpiReport } from '../../gateway/kernel/kpis.ts'
import { journalEvent } from '../support/alarm-journal.ts'
import { observeRoutes } from '../support/observed-routes.ts'
import { webScene } from '../support/web-scene.ts'

const observed = observeRoutes()
const url = '/api/v1/kpis'

async function withJournal() {
  const scene = webScene({}, observed)
  await scene.append(journalEvent({ s: 0, event: 'raised', priority: 'low' }))
  await scene.clock.advance(3_600_000)
  await scene.append(journalEvent({ s: 3_600, event: 'raised', key: 'bed-2', priority: 'high' }), journalEvent({ s: 3_600, event: 'acked', from: 'unacked', state: 'acked', key: 'bed-2' }))
  await scene.clock.advance(3_600_000)
  return scene
}

describe('GET kpis', () => {
  it('are of the last 24 h for one operator, unless it is asked otherwise', async () => {
    const { call } = await withJournal()
    const report = (await call({ url })).json<KpiReport>()
    expect(report).toMatchObject({
      from: '2025-12-31T02:00:00.000Z', to: '2026-01-01T02:00:00.000Z', operators: 1, covered: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T02:00:00.000Z' },
      annunciated: 2, priorities: { low: 1, medium: 0, high: 1 }, floods: [], chattering: [], stale: [],
      frequent: [{ rule: 'hr-high', key: 'bed-1', count: 1, share: 50 }, { rule: 'hr-high', key: 'bed-2', count: 1, share: 50 }],
      perHour: [{ start: '2026-01-01T00:00:00.000Z', count: 1 }, { start: '2026-01-01T01:00:00.000Z', count: 1 }],
    })
    expect(report.figures.map(({ id }) => id)).toEqual([
      'annunciated-per-day', 'annunciated-per-hour', 'annunciated-per-10min', 'peak-10min', 'flood-share', 'top-ten-share', 'chattering', 'stale',
      'priority-low', 'priority-medium', 'priority-high', 'ack-median', 'ack-p95', 'delivery-median', 'delivery-p95',
    ])
    expect(report.figures[1]).toEqual({ id: 'annunciated-per-hour', name: 'Alarms announced per operator and hour', value: 1, unit: '1/h', target: 6, limit: 12, rating: 'good' })
    const asked = (await call({ url: `${url}?from=2026-01-01T01:00:00Z&to=2026-01-01T02:00:00Z&operators=2` })).json<KpiReport>()
    expect(asked).toMatchObject({ from: '2026-01-01T01:00:00.000Z', annunciated: 1, operators: 2 })
    expect(asked.figures[1]).toMatchObject({ value: 0.5 })
  })

  it.each(['?from=2026-01-02&to=2026-01-01', '?from=2026-01-01&to=2026-01-01', '?from=2024-01-01&to=2026-01-01', '?operators=0', '?operators=1.5', '?operators=many', '?from=yesterday', '?from=-8640000000000001&to=0', '?to=-8640000000000000', '?to=8999999999999999', '?per=day'])('refuses %s', async (query) => {
    const answer = await webScene({}, observed).call({ url: `${url}${query}` })
    expect(answer.json()).toMatchObject({ status: 400, code: 'BAD_INPUT', errors: [{ member: expect.any(String), detail: expect.any(String) }] })
  })

  it('answered nothing that is not documented', async () => {
    observed.checkAgainst((await webScene().call({ url: '/api/v1/openapi.json' })).json())
  })
})
