import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ActuatorStates, SimulatedDevice } from '../../devices-sim/device.ts'
import { disturbance, faultKinds, isOffline } from '../../devices-sim/faults.ts'
import { coldchain } from '../../devices-sim/scenarios/coldchain.ts'
import { home } from '../../devices-sim/scenarios/home.ts'
import { scenarios } from '../../devices-sim/scenarios/scenarios.ts'
import { ward } from '../../devices-sim/scenarios/ward.ts'
import { stretchAround } from '../../devices-sim/stretches.ts'

const idle: ActuatorStates = { get: () => undefined }
const options = { seed: 1, count: 6, faults: true }

/** Every second of a signal. */
function record(device: SimulatedDevice, channel: string, { seconds, actuators = idle }: { seconds: number; actuators?: ActuatorStates }): unknown[] {
  const { read } = device.channels.find(({ name }) => name === channel)!
  return Array.from({ length: seconds }, (_, second) => read(second * 1_000, actuators))
}

function find(devices: readonly SimulatedDevice[], id: string): SimulatedDevice {
  return devices.find((device) => device.id === id)!
}

describe('signals', () => {
  it('are the same for the same seed and time, in whatever order they are read', () => {
    fc.assert(fc.property(fc.constantFrom(...Object.values(scenarios)), fc.nat(10_000), fc.array(fc.nat(3_600_000), { minLength: 1, maxLength: 20 }), (scenario, seed, times) => {
      const read = (order: number[]): Map<string, unknown> => new Map(scenario.devices({ seed, count: 3, faults: true })
        .flatMap((device) => device.channels.flatMap((channel) => order.map((t) => [`${device.id} ${channel.name} ${t}`, channel.read(t, idle)] as const))))
      const forwards = read(times)
      const backwards = read(times.toReversed())
      for (const [key, value] of forwards) expect(backwards.get(key), key).toEqual(value)
    }), { numRuns: 30 })
  })

  it('differ with the seed', () => {
    const heart = (seed: number): unknown[] => record(find(ward.devices({ ...options, seed }), 'bed-3'), 'heart_rate', { seconds: 60 })
    expect(heart(1)).not.toEqual(heart(2))
  })

  it('stay what a body can show, at any time of the day', () => {
    const ranges: Record<string, readonly [number, number]> = { heart_rate: [40, 180], spo2: [75, 100], respiratory_rate: [8, 40], temperature: [35.5, 40.5] }
    fc.assert(fc.property(fc.nat(1_000), fc.nat(86_400_000), (seed, t) => {
      for (const device of ward.devices({ seed, count: 2, faults: false })) {
        for (const [name, [low, high]] of Object.entries(ranges)) {
          const value = device.channels.find((channel) => channel.name === name)?.read(t, idle)
          if (value === undefined) continue
          expect(value, `${name} at ${t}`).toBeGreaterThanOrEqual(low)
          expect(value, `${name} at ${t}`).toBeLessThanOrEqual(high)
        }
      }
    }))
  })

  it('show on the ward within a minute a desaturation through both limits and back, and a tachycardia', () => {
    const devices = ward.devices(options)
    const spo2 = record(find(devices, 'bed-1'), 'spo2', { seconds: 60 }) as number[]
    const deepest = spo2.indexOf(Math.min(...spo2))
    expect(spo2[0]).toBeGreaterThanOrEqual(95)
    expect(spo2[deepest]).toBeLessThanOrEqual(85)
    expect(spo2.slice(0, deepest).some((value) => value <= 90 && value > 85)).toBe(true)
    expect(spo2.at(-1)).toBeGreaterThanOrEqual(95)
    expect(Math.max(...(record(find(devices, 'bed-2'), 'heart_rate', { seconds: 60 }) as number[]))).toBeGreaterThan(130)
  })

  it('hang together: a patient short of oxygen is given some, and breathes faster', () => {
    const bed = find(ward.devices(options), 'bed-1')
    const spo2 = record(bed, 'spo2', { seconds: 60 }) as number[]
    const deepest = spo2.indexOf(Math.min(...spo2))
    const oxygen = record(bed, 'supplemental_oxygen', { seconds: 60 })
    expect(oxygen[0]).toBe(false)
    expect(spo2.some((value, second) => value < 90 && oxygen[second] === true)).toBe(true)
    const breath = record(bed, 'respiratory_rate', { seconds: 60 }) as number[]
    expect(breath[deepest]).toBeGreaterThan(breath[0]! + 4)
  })

  it('of a warm room sink when its fan runs, and rise again when it stops', () => {
    const room = find(home.devices({ ...options, faults: false }), 'climate-hall')
    const at = 30_000
    const temperature = (actuators: ActuatorStates): number => room.channels.find(({ name }) => name === 'temperature')!.read(at, actuators) as number
    const fan = (value: 'on' | 'off', sinceMs: number): ActuatorStates => ({ get: () => ({ value, sinceMs }) })
    expect(temperature(idle)).toBeGreaterThan(26)
    expect(temperature(fan('on', at - 30_000))).toBeLessThan(temperature(idle) - 3)
    expect(temperature(fan('off', at - 60_000))).toBeCloseTo(temperature(idle), 0)
    expect(temperature(fan('off', 0))).toBe(temperature(idle))
  })

  it('of a fridge warm up while its door stands open; a truck has a place on the map', () => {
    const devices = coldchain.devices({ seed: 1, count: 3, faults: false })
    const fridge = find(devices, 'fridge-1')
    const doors = record(fridge, 'door', { seconds: 600 })
    const temperatures = record(fridge, 'temperature', { seconds: 600 }) as number[]
    const mean = (wanted: string): number => {
      const values = temperatures.filter((_, second) => doors[second] === wanted)
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    expect(mean('open')).toBeGreaterThan(mean('closed') + 1)
    const [first, second] = record(find(devices, 'truck-3'), 'tracker', { seconds: 2 }) as { gps: { lat: number; lon: number } }[]
    expect(first!.gps.lat).toBeCloseTo(52.5, 0)
    expect(Math.abs(second!.gps.lon - first!.gps.lon)).toBeLessThan(0.001)
  })
})

describe('stretches', () => {
  it('lie inside their cycle, one in each, and last as long as they should', () => {
    fc.assert(fc.property(fc.nat(1_000), fc.nat(10), fc.nat(10_000_000), (seed, index, t) => {
      const stretch = stretchAround({ seed, key: 'x', kinds: ['a', 'b'], index, cycleMs: 60_000, firstAtMs: 50_000, lastsMs: [5_000, 20_000] }, t)!
      const cycle = Math.floor(t / 60_000) * 60_000
      expect(stretch.fromMs).toBeGreaterThanOrEqual(cycle)
      expect(stretch.toMs).toBeLessThanOrEqual(cycle + 60_000)
      expect(stretch.toMs - stretch.fromMs).toBeGreaterThanOrEqual(5_000)
      expect(stretch.toMs - stretch.fromMs).toBeLessThanOrEqual(20_000)
    }))
  })

  it('begin with each kind in turn, so that a ward shows every fault early', () => {
    const kinds = ward.devices(options).filter(({ id }) => id.startsWith('bed-')).map(({ faults }) => {
      const at = Array.from({ length: 120 }, (_, second) => second * 1_000)
      if (at.some((t) => isOffline(faults, t))) return 'offline'
      const hits = at.map((t) => disturbance(faults, 'heart_rate', t))
      if (hits.some(({ silent }) => silent)) return 'drop-out'
      if (hits.some(({ frozenAtMs }) => frozenAtMs !== undefined)) return 'flat'
      if (hits.some(({ skewMs }) => Math.abs(skewMs) > 60_000)) return 'clock-skew'
      if (hits.some(({ resend }) => resend)) return 'duplicates'
      return hits.some(({ spike }) => spike) ? 'spikes' : 'none'
    })
    expect(kinds.toSorted()).toEqual([...faultKinds].toSorted())
  })
})
