import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FlowsMessage } from '../../gateway/flows/messages.ts'
import { startRun } from '../../gateway/flows/run.ts'
import type { Clock } from '../../gateway/kernel/clock.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const runtimeFile = join(import.meta.dirname, 'fake-child.ts')

function start(fake: string, set: { clock?: Clock; maxMemoryBytes?: number; nice?: number; runtimeFile?: string } = {}) {
  const directory = tempDir()
  const messages: FlowsMessage[] = []
  const warned: object[] = []
  const run = startRun(
    {
      runtimeFile, directory, maxMemoryBytes: 256 * 1024 ** 2, nice: 0, ...set,
      environment: { PATH: process.env['PATH'] ?? '', FAKE: fake, LIMEN_FLOWS_SOCKET: join(directory, 's'), LIMEN_FLOWS_ROOT: '/flows' },
    },
    { clock: set.clock ?? systemClock, logger: { ...silentLogger, warn: (details) => void warned.push(details) }, onMessage: (message) => void messages.push(message) },
  )
  onTestFinished(() => {
    if (run.pid !== undefined && isAlive(run.pid)) process.kill(run.pid, 'SIGKILL')
  })
  const said = (type: FlowsMessage['type']) => eventually(type, () => messages.some((message) => message.type === type))
  return { run, messages, said, warned }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the process of the flows', () => {
  it('says that it is up, how much memory it has, and ends with 0 when it is told to', async () => {
    const { run, messages, said } = start('serve')
    await said('started')
    expect(messages.slice(0, 2)).toEqual([{ type: 'listening' }, { type: 'started', tabs: 1, nodes: 3 }])
    expect(await eventually('its memory', () => run.memoryBytes())).toBeGreaterThan(10 * 1024 ** 2)
    await run.stop()
    expect(await run.ended).toMatchObject({ asked: true, code: 0, signal: null })
    expect(isAlive(run.pid!)).toBe(false)
  })

  it('tells how it ended by itself: with a code, with an error', async () => {
    expect(await start('exit').run.ended).toEqual({ asked: false, code: 3, signal: null, reason: 'exit code 3' })
    expect(await start('throw').run.ended).toEqual({ asked: false, code: 1, signal: null, reason: 'exit code 1: TypeError: msg.payload is undefined' })
  })

  it('ends like any where there is nothing to run', async () => {
    const { code, reason } = await start('serve', { runtimeFile: join(import.meta.dirname, 'not-there.ts') }).run.ended
    expect(code).toBe(1)
    expect(reason).toMatch(/Cannot find module .*not-there\.ts/)
  })

  it('is killed when its event loop stands still for 10 s, and not before', async () => {
    const clock = createFakeClock()
    const { run, said } = start('loop', { clock })
    await said('started')
    let over = false
    void run.ended.then(() => { over = true })
    const begun = clock.monotonic()
    await eventually('its end', async () => {
      await clock.advance(500)
      return over || clock.monotonic() - begun > 60_000
    })
    expect(clock.monotonic() - begun).toBeGreaterThanOrEqual(10_000)
    // It has hardly run in the time of the fake clock, so that it is waited for longer, as for one that gets no processor.
    expect(await run.ended).toMatchObject({ asked: false, signal: 'SIGKILL', reason: expect.stringMatching(/^its event loop stood still for \d+ s$/) })
  })

  it('is held back as long as it keeps its event loop for itself, and let go again', async () => {
    const { run, said } = start('loop')
    await said('started')
    const state = (): string | undefined => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${run.pid}/status`, 'utf8'))?.[1]
    await eventually('it is stopped', () => state() === 'T')
    await eventually('it runs again', () => state() === 'R')
    await eventually('it is stopped again', () => state() === 'T')
  })

  it('is not blamed for a time in which the gateway itself stood still', async () => {
    const clock = createFakeClock()
    const { run, said } = start('serve', { clock })
    await said('started')
    clock.stall(30_000)
    await clock.advance(500)
    await clock.advance(500)
    expect(isAlive(run.pid!)).toBe(true)
    await run.stop()
    expect(await run.ended).toMatchObject({ asked: true, code: 0 })
  })

  it('is killed when it does not come up within 60 s', async () => {
    const clock = createFakeClock()
    const { run } = start('silent', { clock })
    let over = false
    void run.ended.then(() => { over = true })
    const begun = clock.monotonic()
    await eventually('its end', async () => {
      await clock.advance(500)
      return over || clock.monotonic() - begun > 200_000
    })
    expect(clock.monotonic() - begun).toBeGreaterThanOrEqual(60_000)
    expect((await run.ended).reason).toBe('it did not come up within 60 s')
  })

  it('ends alone when objects fill its heap', async () => {
    const { run } = start('heap', { maxMemoryBytes: 160 * 1024 ** 2 })
    const { asked, reason } = await run.ended
    expect(asked).toBe(false)
    expect(reason).toMatch(/^its heap was full, 96 MiB|^it took more memory than flows\.maxMemory allows, 160 MiB/)
  })

  it('is killed when buffers outside the heap grow without bound', async () => {
    const { run } = start('buffers', { maxMemoryBytes: 160 * 1024 ** 2 })
    expect(await run.ended).toMatchObject({ asked: false, signal: 'SIGKILL', reason: 'it took more memory than flows.maxMemory allows, 160 MiB' })
  })

  it('is killed when it floods the gateway with messages', async () => {
    expect(await start('flood').run.ended).toMatchObject({ signal: 'SIGKILL', reason: 'it flooded the gateway with messages' })
  })

  it('is killed 3 s after it was told to end, if it does not', async () => {
    const clock = createFakeClock()
    const { run, said } = start('deaf', { clock })
    await said('started')
    const stopped = run.stop()
    await clock.advance(2_900)
    expect(isAlive(run.pid!)).toBe(true)
    await clock.advance(200)
    await eventually('its end', async () => {
      await clock.advance(500)
      return !isAlive(run.pid!)
    })
    await stopped
    expect(await run.ended).toMatchObject({ asked: true, signal: 'SIGKILL' })
  })

  it('may print what it likes: a bounded part is logged', async () => {
    const { run, said, warned } = start('chatter')
    await said('started')
    await eventually('lines', () => warned.length >= 20)
    await run.stop()
    expect(warned.length).toBeLessThanOrEqual(21)
  })
})
