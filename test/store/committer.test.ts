import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { BatchBuilder } from '../../gateway/store/batch.ts'
import { createBatchBuilder } from '../../gateway/store/batch.ts'
import { createCommitPolicy } from '../../gateway/store/commit-policy.ts'
import type { Committer } from '../../gateway/store/committer.ts'
import { createCommitter } from '../../gateway/store/committer.ts'
import type { BatchMessage } from '../../gateway/store/protocol.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const done = { kind: 'committed', seconds: 0.001, storedBytes: 1, sizeBytes: 1 } as const
const full = { kind: 'not-committed', failure: { kind: 'full', code: 'SQLITE 13/13', message: 'database or disk is full' } } as const

describe('committing', () => {
  let clock: FakeClock
  let builder: BatchBuilder
  let committer: Committer
  let posted: BatchMessage[]
  let told: string[]
  beforeEach(() => {
    clock = createFakeClock()
    builder = createBatchBuilder(1)
    posted = []
    told = []
    committer = createCommitter({
      clock, lastingMs: () => 7_000 + clock.monotonic(), logger: silentLogger, builder, policy: createCommitPolicy({ windowMs: 50 }),
      post: (batch) => void posted.push(batch),
      committed: (batch) => void told.push(`committed ${batch.first}-${batch.last}`),
      announced: (batch) => void told.push(`announced ${batch.last}`),
      notCommitted: () => 1,
      lost: () => void told.push('lost'),
    })
  })

  const turn = (): Promise<void> => clock.advance(0)
  function append(name: string, payloadBytes = 60, urgent = false): void {
    committer.touched()
    builder.appendReading({ series: { id: 0, device: 'd', metric: 'm', storedId: 1 }, value: 1, quality: 'good', unit: undefined, ts: 1, tsGiven: false, seq: undefined, receivedAt: 1, k: 0 }, payloadBytes)
    if (urgent) builder.markUrgent()
    builder.onDisk((error) => void told.push(error === null ? name : `${name}: ${(error as { code?: string }).code}`))
  }

  it('sends what one turn appended as one batch, when the turn has ended', async () => {
    append('a')
    append('b')
    expect(posted).toEqual([])
    await turn()
    expect(posted.map(({ first, last }) => [first, last])).toEqual([[1, 2]])
    committer.answered(done)
    expect(told).toEqual(['committed 1-2', 'a', 'b', 'announced 2'])
  })

  it('has one commit on its way; the next waits for the window', async () => {
    append('a')
    await turn()
    append('b', 9_999, true)
    await turn()
    expect(posted).toHaveLength(1)
    committer.answered(done)
    expect(posted).toHaveLength(2)
    committer.answered(done)
    append('c')
    await turn()
    expect(posted).toHaveLength(2)
    await clock.advance(49)
    append('d')
    await clock.advance(2)
    expect(posted.map(({ first, last }) => [first, last])).toEqual([[1, 1], [2, 2], [3, 4]])
  })

  it('lets a waiting batch go as soon as something urgent joins it', async () => {
    append('a')
    await turn()
    committer.answered(done)
    append('b')
    await turn()
    expect(posted).toHaveLength(1)
    append('c', 0, true)
    await turn()
    expect(posted).toHaveLength(2)
    committer.answered(done)
    await clock.advance(100)
    expect(posted).toHaveLength(2)
  })

  it('keeps the order of callbacks when one waits for nothing of its own', async () => {
    append('a')
    await turn()
    committer.touched()
    builder.onDisk(() => void told.push('waited'))
    committer.answered(done)
    await turn()
    expect(told).toEqual(['committed 1-1', 'a', 'announced 1', 'waited'])
  })

  it('fails all that was appended since the last good commit, then starts anew; who evaluates hears of it first', async () => {
    append('a')
    await turn()
    append('b')
    committer.answered(full)
    expect(told).toEqual(['lost', 'a: STORE_FULL', 'b: STORE_FULL'])
    append('c')
    await clock.advance(499)
    expect(posted).toHaveLength(1)
    await clock.advance(2)
    expect(posted.map(({ first, last }) => [first, last])).toEqual([[1, 1], [1, 1]])
  })

  it('drains whatever the window says, with what callbacks append', async () => {
    append('a')
    await turn()
    committer.touched()
    builder.change('s', 'k', 'v')
    builder.onDisk(() => append('late'))
    let drained = false
    void committer.drain().then(() => {
      drained = true
    })
    for (let i = 1; i <= 3; i++) {
      committer.answered(done)
      expect(drained).toBe(false)
      await turn()
      expect(posted).toHaveLength(Math.min(i + 1, 3))
    }
    expect(told).toContain('late')
    await turn()
    expect(drained).toBe(true)
  })

  it('tells everybody when nothing can be committed any more, and whoever comes later', async () => {
    append('a')
    await turn()
    append('b')
    committer.fail(Object.assign(new Error('gone'), { code: 'GONE' }))
    expect(told).toEqual(['a: GONE', 'b: GONE'])
    append('c')
    await turn()
    expect(told).toEqual(['a: GONE', 'b: GONE', 'c: GONE'])
  })
})
