import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { silentLogger } from '../gateway/kernel/log.ts'
import { createSiteInfo } from '../gateway/site-info.ts'
import { createFakeClock } from './support/fake-clock.ts'
import { tempDir } from './support/temp-dir.ts'

describe('what the gateway says of itself', () => {
  const store = { health: () => ({ writable: true, sizeBytes: 4_096, pendingBytes: 0 }) }
  const retention = { readingsMs: 86_400_000, maxSizeBytes: 1_000_000 }

  it('tells the room on its disk, and since when it runs whatever the clock was set to', async () => {
    const clock = createFakeClock()
    const info = createSiteInfo({ dataDir: tempDir(), retention }, { clock, logger: silentLogger, store, version: '1.2.3' })
    await clock.advance(60_000)
    clock.stepWall(3_600_000)
    const { disk, ...rest } = await info()
    expect(rest).toEqual({ version: '1.2.3', node: process.version, started: '2026-01-01T01:00:00.000Z', database: { sizeBytes: 4_096 }, retention })
    expect(disk!.totalBytes).toBeGreaterThanOrEqual(disk!.usedBytes)
    expect(disk!.freeBytes).toBeGreaterThan(0)
  })

  it('does without what it cannot find out', async () => {
    const info = createSiteInfo({ dataDir: join(tempDir(), 'nothing'), retention }, { clock: createFakeClock(), logger: silentLogger, store, version: '1' })
    expect((await info()).disk).toBeNull()
  })
})
