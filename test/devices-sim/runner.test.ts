import { describe, expect, it } from 'vitest'
import { createCounters } from '../../devices-sim/counters.ts'
import type { ScenarioOptions, SimulatedDevice } from '../../devices-sim/device.ts'
import { noFaults } from '../../devices-sim/device.ts'
import { createRunner } from '../../devices-sim/runner.ts'
import { load } from '../../devices-sim/scenarios/load.ts'
import { ward } from '../../devices-sim/scenarios/ward.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLink } from '../support/recording-link.ts'
import type { RecordingLink } from '../support/recording-link.ts'

const options: ScenarioOptions = { seed: 7, count: 2, faults: true }

/** Lets devices live on a fake clock; gives what each connection sent, and a way to send commands. */
async function live(devices: readonly SimulatedDevice[], { seconds, rate, steps = () => undefined }: { seconds: number; rate?: number; steps?: (second: number, command: (topic: string, payload: string) => void) => void }) {
  const clock = createFakeClock()
  const counters = createCounters()
  const links = new Map<string, RecordingLink>()
  const handlers: ((topic: string, payload: string) => void)[] = []
  const runner = createRunner({ devices, rate, manners: { seed: 7, slowShare: 0, rejectShare: 0 } }, {
    clock, counters,
    openLink({ clientId }, { onCommand }) {
      const link = createRecordingLink(clock)
      links.set(clientId, link)
      handlers.push(onCommand)
      return link
    },
  })
  runner.start()
  for (let second = 0; second < seconds; second++) {
    steps(second, (topic, payload) => handlers.forEach((handle) => handle(topic, payload)))
    await clock.advance(1_000)
  }
  await runner.stop()
  return { links, counters, start: Date.UTC(2026, 0, 1) }
}

const plain: SimulatedDevice = {
  id: 'd', connection: 'd', faults: noFaults(1, 'd'), actuators: [{ name: 'fan', kind: 'switch', initial: 'off', takesMs: 100 }],
  channels: [
    { name: 'ramp', everyMs: 500, unit: 'Cel', read: (t) => Math.floor(t / 500) },
    { name: 'door', everyMs: 250, onChange: { atLeastEveryMs: 3_000 }, read: (t) => (t > 4_000 ? 'open' : 'closed') },
  ],
}

describe('the runner', () => {
  it('gives the same messages for the same seed', async () => {
    const first = await live(ward.devices(options), { seconds: 20 })
    const second = await live(ward.devices(options), { seconds: 20 })
    expect([...first.links].map(([id, link]) => [id, link.published])).toEqual([...second.links].map(([id, link]) => [id, link.published]))
    expect(first.links.get('bed-1')!.published.length).toBeGreaterThan(50)
  })

  it('sends each reading at its time with ts, rising seq and unit', async () => {
    const { links, start } = await live([plain], { seconds: 5 })
    const readings = links.get('d')!.published.filter(({ topic }) => topic === 'devices/d/ramp').map(({ payload, atMs }) => ({ ...JSON.parse(payload) as { value: number; ts: number; seq: number; unit: string }, atMs }))
    expect(readings.length).toBeGreaterThanOrEqual(9)
    for (const [i, { value, ts, seq, unit, atMs }] of readings.entries()) {
      expect(value).toBe(Math.floor((ts - start) / 500))
      expect(atMs - ts).toBeLessThanOrEqual(21)
      expect(unit).toBe('Cel')
      if (i > 0) expect(seq).toBeGreaterThan(readings[i - 1]!.seq)
    }
  })

  it('sends what reports changes when it changes, and once in a while besides', async () => {
    const { links } = await live([plain], { seconds: 8 })
    const values = links.get('d')!.published.filter(({ topic }) => topic === 'devices/d/door').map(({ payload }) => (JSON.parse(payload) as { value: string }).value)
    expect(values).toEqual(['closed', 'closed', 'open', 'open'])
  })

  it('keeps the rate asked for, over all devices and hubs', async () => {
    const { links } = await live(load.devices({ seed: 1, count: 100, faults: false }), { seconds: 10, rate: 500 })
    const sent = [...links.values()].flatMap((link) => link.published)
    expect(links.size).toBe(50)
    expect(sent.length).toBeGreaterThan(4_500)
    expect(sent.length).toBeLessThanOrEqual(5_000)
    expect(new Set(sent.map(({ topic }) => topic)).size).toBe(100)
  })

  it('answers a command, does it, and reports the state', async () => {
    const { links, counters, start } = await live([plain], {
      seconds: 3,
      steps: (second, command) => second === 1 && command('devices/d/fan/set', JSON.stringify({ id: 'c', seq: 1, value: true, issuedAt: new Date(Date.UTC(2026, 0, 1)).toISOString(), ttlMs: 30_000, cause: 'x' })),
    })
    const about = links.get('d')!.published.filter(({ topic }) => topic.startsWith('devices/d/fan')).map(({ topic, payload }) => [topic, JSON.parse(payload)])
    expect(about).toEqual([
      ['devices/d/fan/ack', { id: 'c', status: 'accepted' }],
      ['devices/d/fan', { value: 'on', ts: expect.any(Number), seq: expect.any(Number) }],
      ['devices/d/fan/ack', { id: 'c', status: 'done' }],
    ])
    expect((about[1]![1] as { ts: number }).ts).toBeGreaterThan(start + 1_000)
    expect(counters).toMatchObject({ commandsReceived: 1, commandsAnswered: 1, errors: 0 })
  })

  it('counts a command it cannot read, and goes on', async () => {
    const { counters } = await live([plain], { seconds: 2, steps: (second, command) => second === 0 && command('devices/d/fan/set', 'nonsense') })
    expect(counters).toMatchObject({ commandsReceived: 1, commandsAnswered: 0, errors: 1 })
  })

  it('cuts a device off that is offline, and brings it back', async () => {
    const faults = { seed: 1, device: 'd', index: 0, firstAtMs: 3_000, kinds: ['offline'] as const }
    const { links } = await live([{ ...plain, faults }], { seconds: 60 })
    const link = links.get('d')!
    expect(link.history).toEqual(['start', 'cut', 'restore', 'stop'])
    const seconds = link.published.map(({ atMs }) => Math.floor((atMs - Date.UTC(2026, 0, 1)) / 1_000))
    expect(seconds).toContain(2)
    expect(seconds).not.toContain(10)
    expect(seconds).toContain(50)
  })

  it('sends a duplicate with the ts and seq of the first', async () => {
    const faults = { seed: 1, device: 'd', index: 0, firstAtMs: 0, kinds: ['duplicates'] as const }
    const { links } = await live([{ ...plain, faults }], { seconds: 15 })
    const payloads = links.get('d')!.published.map(({ payload }) => payload)
    expect(payloads.length).toBeGreaterThan(new Set(payloads).size)
  })
})
