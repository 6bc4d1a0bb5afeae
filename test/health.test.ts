import { describe, expect, it } from 'vitest'
import { createHealth } from '../gateway/health.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { tempDir } from './support/temp-dir.ts'

describe('health', () => {
  function scene() {
    const told: string[] = []
    const store = { writable: true, commitMs: 5 }
    let share = 0
    const health = createHealth({ dataDir: tempDir() }, {
      store: {
        health: () => ({ writable: store.writable, sizeBytes: 0, pendingBytes: 0, ...(store.writable ? {} : { reason: 'the disk is full' }) }),
        takeCommitTimes: () => ({ p99Ms: store.commitMs, runningMs: 0 }),
      },
      broker: { addresses: { mqtt: {} }, queue: () => ({ id: 'mqtt', name: 'q', share: 0, dropped: 0, remedy: '' }) },
      delivery: { queues: () => [{ id: 'delivery lamp', name: 'lamp', share, dropped: 0, remedy: '' }] },
      influx: { status: () => undefined }, flows: { status: () => undefined }, isOpen: () => true, logger: silentLogger,
      condition: ({ rule, active }) => void told.push(`${rule} ${active}`),
    })
    const look = (times: number): void => {
      for (let i = 0; i < times; i++) health.look()
    }
    return { health, told, store, look, fill: (to: number) => void (share = to) }
  }
  const quiet = ['technical.disk false', 'technical.queue false', 'technical.commit false']

  it('tells at its first look that nothing is wrong: the gateway before may have left an alarm standing', () => {
    const { look, told } = scene()
    look(5)
    expect(told).toEqual(quiet)
  })

  it('watches the disk, the queues and the commits, each on its own', () => {
    const { health, look, told, store, fill } = scene()
    look(1)
    store.writable = false
    look(1)
    expect(health.report()).toMatchObject({ ready: false, checks: { store: { ok: false, detail: 'the disk is full' }, broker: { ok: true } } })
    store.writable = true
    look(1)
    fill(0.95)
    store.commitMs = 2_000
    look(10)
    expect(told.slice(3)).toEqual(['technical.disk true', 'technical.disk true', 'technical.disk false', 'technical.disk false', 'technical.queue true', 'technical.commit true'])
    expect(health.report().ready).toBe(true)
  })

  it('tells all of it again after state was rebuilt', () => {
    const { health, look, told } = scene()
    look(2)
    health.again()
    look(2)
    expect(told).toEqual([...quiet, ...quiet])
  })
})
