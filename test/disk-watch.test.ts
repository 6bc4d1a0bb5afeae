import { describe, expect, it } from 'vitest'
import type { DiskSpace } from '../gateway/disk-space.ts'
import { createDiskWatch } from '../gateway/disk-watch.ts'
import type { TechnicalCondition } from '../gateway/kernel/contracts.ts'

const gib = 1024 ** 3

function scene() {
  const told: TechnicalCondition[] = []
  let reason: string | undefined
  let space: DiskSpace | null = { totalBytes: 100 * gib, usedBytes: 0, freeBytes: 50 * gib }
  const watch = createDiskWatch({
    store: { health: () => ({ writable: reason === undefined, sizeBytes: 0, pendingBytes: 0, ...(reason === undefined ? {} : { reason }) }) },
    space: async () => space,
    condition: (condition) => void told.push(condition),
  })
  return {
    watch, told,
    fails: (why: string | undefined) => void (reason = why),
    free: (freeBytes: number, totalBytes = 100 * gib) => void (space = { totalBytes, usedBytes: totalBytes - freeBytes, freeBytes }),
    unknown: () => void (space = null),
    look: async (times: number) => {
      for (let i = 0; i < times; i++) {
        watch.look()
        await Promise.resolve()
      }
    },
    active: () => told.map(({ active }) => active),
  }
}

describe('the alarm of the disk', () => {
  it('is told again while nothing can be stored, and once more when something can: those before were undone', async () => {
    const { look, fails, told, active } = scene()
    await look(3)
    fails('the disk is full')
    await look(1)
    expect(told.at(-1)).toMatchObject({ active: true, message: 'The store takes no writes: the disk is full. Free some space on its file system' })
    await look(10)
    expect(active()).toEqual([false, true, true, true])
    fails(undefined)
    await look(3)
    expect(active()).toEqual([false, true, true, true, true, false, false])
    expect(told.slice(-3).map(({ message }) => message)).toEqual(['The store took no writes: the disk is full', 'The store takes writes again', 'There is room where the data is'])
    fails('I/O error')
    await look(1)
    expect(told.at(-1)!.message).toContain('rights of the data directory')
  })

  it('begins before that, where little room is left, and ends where there is a fifth more', async () => {
    const { look, free, told, active } = scene()
    free(gib - 1)
    await look(20)
    expect(told).toEqual([
      { rule: 'technical.disk', active: false, message: 'There is room where the data is' },
      { rule: 'technical.disk', active: true, message: 'Only 1023 MiB of 100.0 GiB are free where the data is. Free some, or lower retention.maxSize: with nothing left nothing more is stored' },
    ])
    free(1.1 * gib)
    await look(20)
    expect(active()).toEqual([false, true])
    free(1.2 * gib)
    await look(20)
    expect(active()).toEqual([false, true, false])
  })

  it('goes by a share of a small file system', async () => {
    const { look, free, unknown, active } = scene()
    free(6 * 1024 ** 2, 100 * 1024 ** 2)
    await look(20)
    expect(active()).toEqual([false])
    free(4 * 1024 ** 2, 100 * 1024 ** 2)
    await look(20)
    unknown()
    await look(20)
    expect(active()).toEqual([false, true])
  })

  it('keeps the two apart: that nothing was stored is in the journal, and little room is told again after it', async () => {
    const { look, free, fails, told } = scene()
    free(gib / 2)
    await look(3)
    fails('the disk is full')
    await look(1)
    fails(undefined)
    await look(1)
    expect(told.map(({ active, message }) => [active, message.split(':')[0]!.slice(0, 24)])).toEqual([
      [false, 'There is room where the '], [true, 'Only 512 MiB of 100.0 Gi'], [true, 'The store takes no write'],
      [false, 'something else was wrong'], [true, 'The store took no writes'], [false, 'The store takes writes a'], [true, 'Only 512 MiB of 100.0 Gi'],
    ])
  })
})
