import { describe, expect, it } from 'vitest'
import { type DevicesOptions, createDevices } from '../../gateway/devices/registry.ts'
import type { ConfiguredDevice } from '../../gateway/kernel/configured-devices.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Reading, Series, Value } from '../../gateway/kernel/reading.ts'
import { type MemoryStore, createMemoryStore } from '../support/memory-store.ts'

const minute = 60_000
const times = (wallMs: number) => ({ at: wallMs, wallMs })

async function open(options: Partial<DevicesOptions> = {}, store: MemoryStore = createMemoryStore({ auto: true })) {
  const events: NewEvent[] = []
  const said: [string, boolean][] = []
  const edited: string[] = []
  const devices = createDevices({ configured: new Map(), ...options }, {
    store, logger: silentLogger,
    emit: (event) => events.push(event),
    presence: (device, online) => said.push([device, online]),
    edited: (device) => edited.push(device),
  })
  await devices.restore(store)
  const series = new Map<string, Series>()
  const observe = (device: string, metric: string, value: Value, members: Partial<Reading> = {}): void => {
    const key = `${device}/${metric}`
    if (!series.has(key)) series.set(key, { id: series.size, device, metric, storedId: series.size })
    const reading: Reading = { series: series.get(key)!, value, quality: 'good', unit: undefined, ts: 1_000, tsGiven: false, seq: undefined, receivedAt: 1_000, k: 0, ...members }
    devices.observe(reading, store.appendReading(reading, 1))
  }
  return { devices, store, events, said, edited, observe, types: () => events.map(({ type, subject }) => `${type.replace('limen.device.', '')} ${subject}`) }
}

const settled = () => new Promise((resolve) => { setImmediate(resolve) })

describe('the registry', () => {
  it('registers a device at its first reading, once', async () => {
    const { devices, observe, types } = await open()
    observe('bed-1', 'hr', 80)
    observe('bed-1', 'spo2', 97)
    expect(types()).toEqual(['registered bed-1'])
    expect(devices.get('bed-1')).toEqual({
      id: 'bed-1', type: null, labels: {}, settings: {}, status: 'unknown', firstSeen: 1_000, lastSeen: 1_000,
      metrics: { hr: { value: 80, unit: null, ts: 1_000, quality: 'good' }, spo2: { value: 97, unit: null, ts: 1_000, quality: 'good' } },
    })
  })

  it('keeps the newest value of a metric, not a late one', async () => {
    const { devices, observe } = await open()
    observe('bed-1', 'hr', 80, { ts: 5_000 })
    observe('bed-1', 'hr', 60, { ts: 4_000 })
    expect(devices.get('bed-1')!.metrics['hr']!.value).toBe(80)
    observe('bed-1', 'hr', 81, { ts: 5_000 })
    expect(devices.get('bed-1')!.metrics['hr']!.value).toBe(81)
  })

  it('takes online and offline, tells the change once, and refuses anything else', async () => {
    const { devices, said, types } = await open()
    expect(['online', 'online', ' Offline\n'].map((word) => devices.status('bed-1', word, times(1)))).toEqual([true, true, true])
    expect(devices.status('bed-1', 'asleep', times(1))).toBe(false)
    expect(devices.status('bed-1', '', times(1))).toBe(false)
    expect(types()).toEqual(['registered bed-1', 'online bed-1', 'offline bed-1'])
    expect(said).toEqual([['bed-1', true], ['bed-1', false]])
    expect(devices.statusOf('bed-1')).toBe('offline')
  })

  it('knows after a restart what lasts: status, edits, first and (coarsely) last seen', async () => {
    const { devices, observe, store } = await open()
    observe('bed-1', 'hr', 80, { receivedAt: minute })
    devices.put('bed-1', { type: 'monitor', labels: { ward: 'east' }, settings: { news2Scale: 2 } })
    devices.status('bed-1', 'offline', times(2 * minute))
    observe('bed-1', 'hr', 81, { receivedAt: 11 * minute })
    observe('bed-1', 'hr', 82, { receivedAt: 13 * minute })
    observe('bed-1', 'hr', 83, { receivedAt: 14 * minute })
    await settled()
    const again = await open({}, store.crash())
    expect(again.devices.get('bed-1')).toEqual({
      id: 'bed-1', type: 'monitor', labels: { ward: 'east' }, settings: { news2Scale: 2 }, status: 'offline', firstSeen: minute, lastSeen: 13 * minute, metrics: {},
    })
  })

  it('writes when it stops when a device was last seen', async () => {
    const { devices, observe, store } = await open()
    observe('bed-1', 'hr', 80, { receivedAt: minute })
    observe('bed-1', 'hr', 81, { receivedAt: 3 * minute })
    devices.stop()
    await settled()
    const again = await open({}, store.crash())
    expect(again.devices.get('bed-1')!.lastSeen).toBe(3 * minute)
  })

  it('writes nothing for readings but the coarse last-seen time', async () => {
    let puts = 0
    const store = createMemoryStore({ auto: true })
    const counting: MemoryStore = { ...store, put: (space, key, value) => { puts++; store.put(space, key, value) } }
    const { observe } = await open({}, counting)
    for (let i = 0; i < 1_000; i++) observe('bed-1', 'hr', i, { receivedAt: 1 + i * 1_200 })
    expect(puts).toBe(2)
  })

  it('lets the configuration win over edits, member by member', async () => {
    const configured = new Map<string, ConfiguredDevice>([['bed-1', { type: 'monitor', labels: { ward: 'east' }, settings: { news2Scale: 2 } }]])
    const { devices, edited } = await open({ configured })
    expect(devices.get('bed-1')).toMatchObject({ type: 'monitor', firstSeen: 0, status: 'unknown' })
    // What would be taken and change nothing is refused, with what to do.
    for (const other of [{ type: 'pump' }, { labels: { ward: 'west', room: '7' } }, { settings: { news2Scale: 1 } }]) {
      expect(() => devices.put('bed-1', other)).toThrow(expect.objectContaining({ code: 'CONFLICT', remedy: expect.stringContaining('change it there') }))
    }
    devices.put('bed-1', { labels: { ward: 'east', room: '7' }, settings: { x: 1 } })
    expect(devices.get('bed-1')).toMatchObject({ type: 'monitor', labels: { ward: 'east', room: '7' }, settings: { news2Scale: 2, x: 1 } })
    expect([devices.type('bed-1'), devices.labels('bed-1')]).toEqual(['monitor', { ward: 'east', room: '7' }])
    expect(edited).toEqual(['bed-1'])
  })

  it('lets patterns of the configuration say what nothing else says, the first that fits first', async () => {
    const configured = new Map<string, ConfiguredDevice>([
      ['bed-*', { type: 'monitor', labels: { ward: 'east' }, settings: { metrics: { spo2: { unit: '%' } }, news2Scale: 1 } }],
      ['*', { type: 'thing', labels: { ward: 'none', floor: '3' }, settings: { metrics: {}, x: 1 } }],
      ['bed-7', { type: null, labels: { floor: '4' }, settings: { news2Scale: 2 } }],
    ])
    const { devices, observe } = await open({ configured })
    // Only what is named is a device before it speaks.
    expect(devices.list({ limit: 9 }).map(({ id }) => id)).toEqual(['bed-7'])
    expect(devices.get('bed-7')).toMatchObject({ type: 'monitor', labels: { ward: 'east', floor: '4' }, settings: { metrics: { spo2: { unit: '%' } }, news2Scale: 2, x: 1 } })
    // Known before the first reading is: its series are stored with these labels.
    expect([devices.type('bed-1'), devices.labels('bed-1'), devices.settings('bed-1')]).toEqual(['monitor', { ward: 'east', floor: '3' }, { metrics: { spo2: { unit: '%' } }, news2Scale: 1, x: 1 }])
    observe('bed-1', 'spo2', 97)
    observe('pump', 'rate', 1)
    expect(devices.get('bed-1')).toMatchObject({ type: 'monitor', labels: { ward: 'east', floor: '3' } })
    expect(devices.get('pump')).toMatchObject({ type: 'thing', labels: { ward: 'none', floor: '3' }, settings: { metrics: {}, x: 1 } })
    // An edit says more than a pattern, and less than the device's own entry.
    devices.put('bed-1', { type: 'bed', labels: { ward: 'west' }, settings: { metrics: { spo2: { unit: '1' } } } })
    expect(devices.get('bed-1')).toMatchObject({ type: 'bed', labels: { ward: 'west', floor: '3' }, settings: { metrics: { spo2: { unit: '1' } }, news2Scale: 1 } })
    expect(devices.settings('bed-1')['news2Scale']).toBe(1)
    expect(() => devices.put('bed-7', { settings: { news2Scale: 1 } })).toThrow(expect.objectContaining({ code: 'CONFLICT' }))
  })

  it('refuses settings of metrics that cannot be right, with the place', async () => {
    const { devices } = await open()
    expect(() => devices.put('bed-1', { settings: { metrics: { spo2: { unit: 'percnt', min: 5, max: 1 } } } })).toThrow(expect.objectContaining({
      code: 'BAD_INPUT', message: 'settings.metrics.spo2.unit: unknown unit "percnt"', remedy: 'did you mean "%"?',
      problems: [expect.objectContaining({ path: 'settings.metrics.spo2.unit' })],
    }))
    expect(devices.get('bed-1')).toBeUndefined()
    expect(devices.put('bed-1', { settings: { metrics: { spo2: { unit: 'percent' } } } }).settings).toEqual({ metrics: { spo2: { unit: 'percent' } } })
  })

  it('registers a configured device when it is first seen', async () => {
    const { devices, observe, types } = await open({ configured: new Map([['bed-1', { type: 'monitor', labels: {}, settings: {} }]]) })
    expect(types()).toEqual([])
    observe('bed-1', 'hr', 80)
    expect(types()).toEqual(['registered bed-1'])
    expect(devices.get('bed-1')).toMatchObject({ type: 'monitor', firstSeen: 1_000 })
  })

  it('takes any text for a label, a metric or a device', async () => {
    const { devices, observe } = await open()
    observe('__proto__', '__proto__', 1)
    observe('constructor', 'toString', 2)
    devices.put('__proto__', { labels: JSON.parse('{"__proto__":"x"}') as Record<string, string> })
    expect(Object.keys(devices.get('__proto__')!.metrics)).toEqual(['__proto__'])
    expect(JSON.stringify(devices.labels('__proto__'))).toBe('{"__proto__":"x"}')
    expect(devices.get('constructor')!.metrics['toString']!.value).toBe(2)
    expect(devices.labels('nobody')).toEqual({})
  })

  it('lists in the order of ids, page by page', async () => {
    const { devices, observe } = await open()
    for (const id of ['c', 'a', 'b']) observe(id, 'hr', 1)
    expect(devices.list({ limit: 2 }).map(({ id }) => id)).toEqual(['a', 'b'])
    expect(devices.list({ limit: 2, after: 'b' }).map(({ id }) => id)).toEqual(['c'])
    expect(devices.list({ limit: 2, after: 'c' })).toEqual([])
  })

  it('is bounded, and counts what has no room', async () => {
    const { devices, observe, types } = await open({ maxDevices: 1, maxMetrics: 2 })
    for (const metric of ['a', 'b', 'c']) observe('bed-1', metric, 1)
    observe('bed-2', 'a', 1)
    expect(devices.status('bed-3', 'online', times(1))).toBe(true)
    expect(types()).toEqual(['registered bed-1'])
    expect(Object.keys(devices.get('bed-1')!.metrics)).toEqual(['a', 'b'])
    const samples = new Map([...devices.metrics()].map(({ name, value }) => [name, value]))
    expect([samples.get('limen_devices'), samples.get('limen_devices_overflow_total'), samples.get('limen_device_metrics_overflow_total')]).toEqual([1, 2, 2])
    expect(() => devices.put('bed-4', {})).toThrow(expect.objectContaining({ code: 'OVERLOADED' }) as Error)
  })

  it.each([['', {}], ['a/b', {}], ['a#', {}], ['ok', { labels: { ward: 1 } }], ['ok', { type: 5 }], ['ok', { settings: { x: 'y'.repeat(20_000) } }]])('refuses an edit that cannot stand: %j %j', async (id, change) => {
    const { devices } = await open()
    expect(() => devices.put(id, change as never)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }) as Error)
    expect(devices.get(id)).toBeUndefined()
  })

  it('keeps last values over a commit that failed', async () => {
    const { devices, observe, store } = await open()
    observe('bed-1', 'hr', 80)
    await settled()
    await devices.restore(store)
    expect(devices.get('bed-1')!.metrics['hr']!.value).toBe(80)
    observe('bed-1', 'hr', 82)
    expect(devices.get('bed-1')!.metrics['hr']!.value).toBe(82)
  })

  it('shows others only what is on disk: devices, status, edits, last values', async () => {
    const store = createMemoryStore()
    const { devices, observe } = await open({}, store)
    observe('bed-1', 'hr', 80)
    devices.status('bed-1', 'online', times(1))
    expect(devices.get('bed-1')).toMatchObject({ status: 'online', metrics: { hr: { value: 80 } } })
    expect(devices.committed.get('bed-1')).toBeUndefined()
    expect(devices.committed.list({ limit: 10 })).toEqual([])
    await store.commit()
    expect(devices.committed.get('bed-1')).toEqual(devices.get('bed-1'))
    observe('bed-1', 'hr', 81)
    observe('bed-1', 'hr', 82)
    devices.put('bed-1', { labels: { ward: 'east' } })
    expect(devices.committed.list({ limit: 10 })).toMatchObject([{ labels: {}, metrics: { hr: { value: 80 } } }])
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    await devices.restore(store)
    expect(devices.get('bed-1')).toMatchObject({ labels: {}, metrics: { hr: { value: 80 } } })
    observe('bed-1', 'hr', 83)
    await store.commit()
    expect(devices.committed.get('bed-1')!.metrics['hr']!.value).toBe(83)
  })

  it('lists what is on disk page by page, in the order of ids', async () => {
    const { devices, observe } = await open()
    for (const id of ['c', 'a', 'b']) observe(id, 'hr', 1)
    await settled()
    const page = (after?: string) => devices.committed.list({ limit: 2, ...(after === undefined ? {} : { after }) }).map(({ id }) => id)
    expect([page(), page('a'), page('b'), page('c')]).toEqual([['a', 'b'], ['b', 'c'], ['c'], []])
  })

  it('knows last values again from the readings of the log', async () => {
    const { observe, store } = await open()
    observe('bed-1', 'hr', 80, { ts: 10_000, receivedAt: minute, unit: '/min' })
    observe('bed-1', 'hr', 70, { ts: 9_000, receivedAt: 2 * minute })
    await settled()
    const again = await open({}, store.crash())
    for (const reading of await again.store.readings({ limit: 10 })) again.devices.recall(reading)
    expect(again.devices.committed.get('bed-1')).toMatchObject({ lastSeen: 2 * minute, metrics: { hr: { value: 80, unit: '/min', ts: 10_000, quality: 'good' } } })
    again.observe('bed-1', 'hr', 90, { ts: 11_000, receivedAt: 3 * minute })
    await settled()
    expect(again.devices.committed.get('bed-1')!.metrics['hr']!.value).toBe(90)
  })
})
