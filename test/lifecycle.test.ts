import { describe, expect, it } from 'vitest'
import { createLifecycle } from '../gateway/lifecycle.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { createFakeClock } from './support/fake-clock.ts'

describe('the lifecycle', () => {
  it('stops in reverse order, once, whatever fails or hangs in between', async () => {
    const clock = createFakeClock()
    const lifecycle = createLifecycle({ clock, logger: silentLogger })
    const seen: string[] = []
    await lifecycle.start('first', { start: () => { seen.push('+first') }, stop: () => { seen.push('-first') } })
    await lifecycle.start('failing', { stop: () => { throw new Error('no') } })
    await lifecycle.start('hanging', { stop: () => new Promise<void>(() => {}) })
    await lifecycle.start('last', { stop: () => { seen.push('-last') } })
    const stopped = lifecycle.stop(1_000)
    await clock.advance(1_000)
    await stopped
    await lifecycle.stop(1_000)
    expect(seen).toEqual(['+first', '-last', '-first'])
  })

  it('starts nothing any more once it is being stopped', async () => {
    const lifecycle = createLifecycle({ clock: createFakeClock(), logger: silentLogger })
    const stopped = lifecycle.stop(1_000)
    await expect(lifecycle.start('late', { start: () => { throw new Error('started') } })).rejects.toMatchObject({ code: 'STOPPING' })
    await stopped
  })

  it('stops also what failed to start', async () => {
    const lifecycle = createLifecycle({ clock: createFakeClock(), logger: silentLogger })
    const seen: string[] = []
    await expect(lifecycle.start('broken', { start: () => Promise.reject(new Error('port taken')), stop: () => { seen.push('closed') } })).rejects.toThrow('port taken')
    await lifecycle.stop(1_000)
    expect(seen).toEqual(['closed'])
  })
})
