import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createFlows } from '../../gateway/flows/flows.ts'
import type { TechnicalCondition } from '../../gateway/kernel/contracts.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import type { Logger } from '../../gateway/kernel/log.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { eventually } from './eventually.ts'
import { tempDir } from './temp-dir.ts'

/** The room of the flows with a child that only speaks its protocol (test/flows/fake-child.ts). */
export function flowsRoom(set: { fake?: string; directory?: string; nice?: number; logger?: Logger } = {}) {
  const directory = set.directory ?? join(tempDir(), 'flows')
  const events: NewEvent[] = []
  const conditions: TechnicalCondition[] = []
  const room = createFlows(
    {
      directory, runtimeFile: join(import.meta.dirname, '../flows/fake-child.ts'), maxMemoryBytes: 256 * 1024 ** 2, nice: set.nice ?? 0, site: 'ward-3', user: 'flows', token: 'the-token',
      environment: { PATH: process.env['PATH'] ?? '', FAKE: set.fake ?? 'serve' },
    },
    {
      clock: systemClock, logger: set.logger ?? silentLogger, urls: () => ({ mqtt: 'mqtt://127.0.0.1:1', http: 'http://127.0.0.1:2' }),
      record: (event) => void events.push(event), condition: (condition) => void conditions.push(condition),
    },
  )
  onTestFinished(() => room.stop())
  const state = (wanted: string) => eventually(`state ${wanted}`, () => room.desk.status().state === wanted, 60_000)
  return { room, directory, events, conditions, state }
}
