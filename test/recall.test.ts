import { describe, expect, it } from 'vitest'
import type { Inbound, RecentBatch } from '../gateway/kernel/contracts.ts'
import { recallReadings } from '../gateway/recall.ts'

async function recall(batches: readonly Partial<RecentBatch>[]): Promise<{ inbound: Inbound[]; pages: number }> {
  const inbound: Inbound[] = []
  let pages = 0
  const recent = async function* () {
    for (const batch of batches) yield { readings: [], marks: [], inbound: [], ...batch }
  }
  for await (const readings of recallReadings({ recent, lastAlive: () => null }, { nowMs: 0, inbound })) pages += readings.length + 1
  return { inbound, pages }
}

const notes = (count: number, clientId: string): Inbound[] => Array.from({ length: count }, (_, messageId) => ({ clientId, messageId, hash: 1 }))

describe('recalling the newest of the log', () => {
  it('takes a batch of any length', async () => {
    expect((await recall([{ inbound: notes(300_000, 'a') }])).inbound).toHaveLength(300_000)
  })

  it('keeps the newest notes where there are more than it remembers', async () => {
    const { inbound, pages } = await recall([{ inbound: notes(900_000, 'old') }, { inbound: notes(200_000, 'new') }])
    expect(pages).toBe(2)
    expect(inbound.length).toBeLessThanOrEqual(1_000_000)
    expect(inbound.filter(({ clientId }) => clientId === 'new')).toHaveLength(200_000)
  })
})
