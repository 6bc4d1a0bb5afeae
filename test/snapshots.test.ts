import { describe, expect, it } from 'vitest'
import { createAlarmStage } from '../gateway/alarm-stage.ts'
import type { RetentionPin } from '../gateway/kernel/contracts.ts'
import type { Logger } from '../gateway/kernel/log.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { kinds } from '../gateway/rules/kinds.ts'
import { createSnapshots } from '../gateway/snapshots.ts'
import { createFakeClock } from './support/fake-clock.ts'
import type { MemoryStore } from './support/memory-store.ts'
import { createMemoryStore } from './support/memory-store.ts'
import { seconds, told } from './support/stage-scene.ts'
import { rulesOf } from './support/timeline.ts'

const hour = 3_600
const rule = rulesOf('[{ id: hot, on: { metric: t }, when: { above: 50 } }]')

async function open(of: { store?: MemoryStore } = {}) {
  const inner = of.store ?? createMemoryStore()
  const pins: RetentionPin[] = []
  const store: MemoryStore = { ...inner, pin: (pin) => void pins.push(pin) }
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, warn: (_of, text) => void warnings.push(text), error: (_of, text) => void warnings.push(text) }
  const stage = createAlarmStage({ kinds }, { state: store })
  const snapshots = createSnapshots({}, { store, stage, clock: createFakeClock(), logger })
  await snapshots.restore(stage, { kind: 'start', alive: null, times: seconds(0) })
  const write = async (s: number) => {
    snapshots.look(seconds(s))
    // What it belongs to is to be on disk first.
    await inner.commit()
    await snapshots.settled()
    await inner.commit()
  }
  const append = async () => {
    inner.appendMark({ kind: 'advance', ...seconds(0) })
    await inner.commit()
  }
  const value = (name: string) => [...snapshots.metrics()].find((one) => one.name === name)!.value
  return { inner, stage, snapshots, write, warnings, value, pin: () => pins[0]!, append, head: () => inner.get('snapshot', 'head') }
}

describe('snapshots of the rules’ state', () => {
  it('are written where the last is hours old, if anything was appended since; what is not in one yet is kept from retention', async () => {
    const { append, write, head, pin, inner, value } = await open()
    await append()
    await write(5 * hour)
    expect(await head()).toBeUndefined()
    expect(pin().position()).toBe(0)
    await write(6 * hour)
    expect(await head()).toBeDefined()
    expect(pin().position()).toBe(inner.lastPosition())
    expect([value('limen_snapshots_total'), value('limen_snapshot_behind_entries')]).toEqual([1, 0])
    await write(13 * hour)
    expect(value('limen_snapshots_total')).toBe(1)
    await append()
    expect(value('limen_snapshot_behind_entries')).toBe(1)
    await write(13 * hour)
    expect(value('limen_snapshots_total')).toBe(2)
  })

  it('are written at once where the log since the last lost entries to the bound of its size', async () => {
    const { append, write, pin, value } = await open()
    await append()
    pin().dropped(1, 1)
    await write(1)
    expect(value('limen_snapshots_total')).toBe(1)
  })

  it('that cannot be stored are tried again a minute later, not at every look', async () => {
    const { append, write, value, inner } = await open()
    await append()
    inner.failNextCommit(new Error('disk full'))
    await write(7 * hour)
    expect([value('limen_snapshots_total'), value('limen_snapshot_failures_total')]).toEqual([0, 1])
    await write(7 * hour + 59)
    expect(value('limen_snapshots_total')).toBe(0)
    await write(7 * hour + 60)
    expect(value('limen_snapshots_total')).toBe(1)
  })

  it('are dropped where state is read again before they are stored', async () => {
    const { append, snapshots, stage, inner, head } = await open()
    await append()
    snapshots.look(seconds(7 * hour))
    await inner.commit()
    await snapshots.restore(stage, { kind: 'undo', times: seconds(7 * hour) })
    await snapshots.settled()
    await inner.commit()
    expect(await head()).toBeUndefined()
  })

  it('that are damaged are passed over, with a warning: what can be known from then on is', async () => {
    const { append, write, inner, stage } = await open()
    stage.replaceRules(rule, seconds(0))
    await append()
    await write(7 * hour)
    inner.put('snapshot', 'part/0000', new Uint8Array([1, 2, 3]))
    await inner.commit()
    const after = await open({ store: inner.crash() })
    expect(after.warnings).toEqual([expect.stringContaining('cannot be read')])
    expect(after.stage.rules()).toEqual([])
    await after.append()
    await after.write(8 * hour)
    const healed = await open({ store: after.inner.crash() })
    expect(healed.warnings).toEqual([])
  })

  it('need the log from where they are on disk', async () => {
    const { append, snapshots, inner, pin } = await open()
    await append()
    snapshots.look(seconds(7 * hour))
    await inner.commit()
    await snapshots.settled()
    expect(pin().position()).toBe(0)
    await inner.commit()
    expect(pin().position()).toBeGreaterThan(0)
  })

  it('of which parts were written anew meanwhile are read again, and never made of parts of two', async () => {
    const { append, write, inner, stage, head } = await open()
    await append()
    await write(7 * hour)
    const old = await head()
    stage.replaceRules(rule, seconds(7 * hour))
    await append()
    await write(14 * hour)
    expect(await head()).not.toBe(old)
    let asked = 0
    const crashed = inner.crash()
    const after = await open({ store: { ...crashed, get: async (space, key) => (key === 'head' && asked++ === 0 ? old : crashed.get(space, key)) } })
    expect(asked).toBe(2)
    expect(after.warnings).toEqual([])
    expect(after.stage.stateHash()).toBe(stage.stateHash())
  })

  it('begin anew where the log since has a gap: standing alarms stay until a sample says otherwise', async () => {
    const { inner, stage } = await open()
    inner.appendMark({ kind: 'rules', ...seconds(0), whole: true, put: rule, removed: [] })
    stage.replaceRules(rule, seconds(0))
    const reading = (s: number, value: number) => {
      const { wallMs } = seconds(s)
      return { series: { id: 0, device: 'a', metric: 't', storedId: 0 }, value, quality: 'good', unit: undefined, ts: wallMs, tsGiven: false, seq: undefined, receivedAt: wallMs, k: 0 } as const
    }
    for (const s of [1, 2]) {
      inner.appendReading(reading(s, 60), 1)
      stage.evaluate([reading(s, 60)], seconds(s))
    }
    await inner.commit()
    const gone = inner.crash()
    const after = await open({ store: {
      ...gone,
      async read(query) {
        const page = await gone.read(query)
        return { ...page, entries: page.entries.filter(({ position }) => position !== 2) }
      },
    } })
    expect(after.warnings).toEqual([expect.stringContaining('cannot be made from the log')])
    expect(told(after.stage.replaceRules(rule, seconds(10)))).toEqual([])
    expect(told(after.stage.evaluate([reading(11, 20)], seconds(11)))).toEqual(['hot a returned rtn-unacked'])
  })
})
