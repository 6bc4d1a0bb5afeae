import { describe, expect, it } from 'vitest'
import type { FlowsMessage } from '../../gateway/flows/messages.ts'
import type { Run, RunEnd } from '../../gateway/flows/run.ts'
import { createSupervisor } from '../../gateway/flows/supervisor.ts'
import type { TechnicalCondition } from '../../gateway/kernel/contracts.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { createFakeClock } from '../support/fake-clock.ts'

/** The supervisor over processes that do what the test says. */
function scene() {
  const clock = createFakeClock()
  const begun: { safe: boolean; atMs: number; say: (message: FlowsMessage) => void; end: (end?: Partial<RunEnd>) => void }[] = []
  const events: NewEvent[] = []
  const conditions: TechnicalCondition[] = []
  let failLaunch: Error | undefined
  const supervisor = createSupervisor({
    clock,
    logger: silentLogger,
    record: (event) => void events.push(event),
    condition: (condition) => void conditions.push(condition),
    async launch({ safe }, say) {
      if (failLaunch !== undefined) throw failLaunch
      let resolve: (end: RunEnd) => void = () => {}
      const ended = new Promise<RunEnd>((given) => { resolve = given })
      const run: Run = {
        pid: 1, memoryBytes: () => 1_000, ended,
        async stop() {
          resolve({ asked: true, code: 0, signal: null, reason: 'exit code 0' })
          await ended
        },
      }
      begun.push({ safe, atMs: clock.monotonic(), say, end: (end = {}) => resolve({ asked: false, code: 1, signal: null, reason: 'exit code 1', ...end }) })
      return run
    },
  })
  const started: FlowsMessage = { type: 'started', tabs: 1, nodes: 2 }
  /** The newest process comes up, and falls. */
  async function comesUp(): Promise<void> {
    await clock.advance(0)
    begun.at(-1)!.say(begun.at(-1)!.safe ? { type: 'safe' } : started)
  }
  async function falls(): Promise<void> {
    begun.at(-1)!.end()
    await clock.advance(0)
  }
  /** The state of the alarm as the stage would have it. */
  const alarm = () => conditions.reduce<string | null>((shown, { active, message }) => (active ? (shown ?? message) : null), null)
  const types = () => events.map(({ type }) => type.replace('limen.gateway.', ''))
  return { clock, supervisor, begun, events, conditions, alarm, types, comesUp, falls, failLaunchWith: (error: Error | undefined) => { failLaunch = error } }
}

async function safeModeScene() {
  const s = scene()
  s.supervisor.start()
  for (const waitMs of [1_000, 2_000, 4_000]) {
    await s.comesUp()
    await s.falls()
    await s.clock.advance(waitMs)
  }
  await s.comesUp()
  return s
}

describe('the supervisor of the flows', () => {
  it('starts the process without being waited for, and says how it does', async () => {
    const { supervisor, clock, comesUp, types } = scene()
    expect(supervisor.start()).toBeUndefined()
    expect(supervisor.status()).toMatchObject({ state: 'starting', restarts: 0, lastError: null })
    await comesUp()
    expect(supervisor.status()).toEqual({ state: 'running', since: '2026-01-01T00:00:00.000Z', restarts: 0, lastError: null, memoryBytes: 1_000 })
    expect(types()).toEqual(['flows-started'])
    await supervisor.stop()
    expect(supervisor.status()).toMatchObject({ state: 'stopped', memoryBytes: null })
    await clock.advance(100_000)
    expect(types()).toEqual(['flows-started', 'flows-ended'])
  })

  it('starts it again after a crash, later each time, and tells in an alarm', async () => {
    const { supervisor, clock, begun, alarm, falls, comesUp, events } = scene()
    supervisor.start()
    await comesUp()
    await falls()
    expect(supervisor.status()).toMatchObject({ state: 'waiting', lastError: { message: 'exit code 1' } })
    expect(alarm()).toBe('Flows ended by themselves (exit code 1), started again in 1 s')
    expect(events.at(-1)).toMatchObject({ type: 'limen.gateway.flows-ended', data: { reason: 'exit code 1', code: 1, againInMs: 1_000, safeMode: false } })
    await clock.advance(999)
    expect(begun).toHaveLength(1)
    await clock.advance(1)
    expect(begun).toHaveLength(2)
    await falls()
    await clock.advance(1_999)
    expect(begun).toHaveLength(2)
    await clock.advance(1)
    expect(begun.map(({ safe }) => safe)).toEqual([false, false, false])
    expect(supervisor.status().restarts).toBe(2)
  })

  it('ends the alarm only after it has run for 30 s', async () => {
    const { supervisor, clock, alarm, falls, comesUp, conditions } = scene()
    supervisor.start()
    await comesUp()
    await falls()
    await clock.advance(1_000)
    await comesUp()
    await clock.advance(29_000)
    expect(alarm()).not.toBeNull()
    await falls()
    await clock.advance(2_000)
    await comesUp()
    expect(conditions.filter(({ active }) => active)).toHaveLength(1)
    await clock.advance(30_000)
    expect(alarm()).toBeNull()
  })

  it('comes up in safe mode after three crashes in a row, and stays there over further ones, at most 60 s apart', async () => {
    const { supervisor, clock, begun, alarm, falls, comesUp, events } = await safeModeScene()
    expect(begun.map(({ safe }) => safe)).toEqual([false, false, false, true])
    expect(supervisor.status().state).toBe('safe-mode')
    expect(alarm()).toBe('Flows crashed three times (exit code 1) and are stopped; open /flows/ and deploy a repaired version, or: limen flows rollback')
    expect(events.at(-1)).toMatchObject({ type: 'limen.gateway.flows-started', data: { safeMode: true } })
    for (const waitMs of [8_000, 16_000, 32_000, 60_000, 60_000]) {
      await falls()
      const before = begun.length
      await clock.advance(waitMs - 1)
      expect(begun).toHaveLength(before)
      await clock.advance(1)
      expect(begun).toHaveLength(before + 1)
      await comesUp()
    }
    expect(begun.at(-1)!.safe).toBe(true)
    expect(alarm()).toContain('three times')
  })

  it('leaves safe mode at a deploy, and counts anew', async () => {
    const { supervisor, clock, begun, alarm, falls, comesUp, events } = await safeModeScene()
    begun.at(-1)!.say({ type: 'deployed', by: 'ada' })
    expect(events.at(-1)).toEqual({ type: 'limen.gateway.flows-deployed', data: { by: 'ada' } })
    expect(supervisor.status().state).toBe('running')
    await clock.advance(30_000)
    expect(alarm()).toBeNull()
    await falls()
    expect(alarm()).toContain('started again in 1 s')
    await clock.advance(1_000)
    await comesUp()
    expect(begun.at(-1)!.safe).toBe(false)
  })

  it('leaves safe mode when somebody asks for a start, and says so in new words if that goes wrong', async () => {
    const { supervisor, clock, begun, alarm, falls, comesUp } = await safeModeScene()
    await supervisor.again(async () => {})
    await comesUp()
    expect(begun.at(-1)!.safe).toBe(false)
    expect(supervisor.status().state).toBe('running')
    await falls()
    expect(alarm()).toContain('started again in 1 s')
    await clock.advance(1_000)
    expect(begun.at(-1)!.safe).toBe(false)
  })

  it('takes a run of ten minutes for a good one', async () => {
    const { supervisor, clock, begun, falls, comesUp } = scene()
    supervisor.start()
    for (let i = 0; i < 6; i++) {
      await comesUp()
      await clock.advance(600_000)
      await falls()
      await clock.advance(1_000)
    }
    expect(begun).toHaveLength(7)
    expect(begun.every(({ safe }) => !safe)).toBe(true)
  })

  it('does what must be done while nothing runs, waiting or not, and gives back what went wrong with it', async () => {
    const { supervisor, clock, begun, falls, comesUp, types } = scene()
    supervisor.start()
    await comesUp()
    expect(await supervisor.again(async () => supervisor.status().memoryBytes)).toBeNull()
    await comesUp()
    expect(begun).toHaveLength(2)
    await expect(supervisor.again(async () => { throw new Error('the disk is full') })).rejects.toThrow('the disk is full')
    await comesUp()
    expect(begun).toHaveLength(3)
    await falls()
    await supervisor.again(async () => {})
    await clock.advance(0)
    expect(begun).toHaveLength(4)
    const both = [supervisor.again(async () => 1), supervisor.again(async () => 2)]
    expect(await Promise.all(both)).toEqual([1, 2])
    await clock.advance(0)
    expect(begun).toHaveLength(5)
    expect(types().filter((type) => type === 'flows-ended')).toHaveLength(4)
  })

  it('counts a process that cannot be started as one that crashed', async () => {
    const { supervisor, clock, begun, failLaunchWith, comesUp } = scene()
    failLaunchWith(new Error('no space left'))
    supervisor.start()
    await clock.advance(0)
    expect(supervisor.status()).toMatchObject({ state: 'waiting', lastError: { message: 'they cannot be started: no space left' } })
    failLaunchWith(undefined)
    await clock.advance(1_000)
    await comesUp()
    expect(begun).toHaveLength(1)
    expect(supervisor.status().state).toBe('running')
  })

  it('stops at once also while it waits, and refuses what is asked afterwards', async () => {
    const { supervisor, clock, begun, falls, comesUp } = scene()
    supervisor.start()
    await comesUp()
    await falls()
    await supervisor.stop()
    expect(supervisor.status().state).toBe('stopped')
    await expect(supervisor.again(async () => {})).rejects.toMatchObject({ code: 'STOPPING' })
    await clock.advance(100_000)
    expect(begun).toHaveLength(1)
  })
})
