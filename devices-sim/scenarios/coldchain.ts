import { noFaults, rounded } from '../device.ts'
import type { Scenario, SimulatedDevice } from '../device.ts'
import { between, noise } from '../random.ts'
import { isInside, strength, stretchAround } from '../stretches.ts'
import type { StretchPlan } from '../stretches.ts'

/** Fridges with compressor cycles and door openings; every third unit is a truck on its round, with GPS. */
export const coldchain: Scenario = {
  name: 'coldchain',
  defaultCount: 6,
  counts: 'fridges and trucks',
  devices: ({ seed, count, faults }) => Array.from({ length: count }, (_, index) => {
    const unit = index % 3 === 2 ? truck(seed, index) : fridge(seed, index)
    return {
      ...unit, connection: unit.id, actuators: [],
      faults: faults
        ? { seed, device: unit.id, index, firstAtMs: 20_000 + (index % 6) * 8_000, kinds: ['flat', 'drop-out', 'offline', 'duplicates', 'spikes', 'clock-skew'] as const, channel: 'temperature' }
        : noFaults(seed, unit.id),
    }
  }),
}

type Unit = Pick<SimulatedDevice, 'id' | 'channels'>

function fridge(seed: number, index: number): Unit {
  const id = `fridge-${index + 1}`
  const box = coldBox(seed, id, { setPoint: 4, index })
  return {
    id,
    channels: [
      { name: 'temperature', unit: 'Cel', everyMs: 2_000, spike: 35, read: (t) => rounded(box.temperature(t), 2) },
      { name: 'door', everyMs: 500, onChange: { atLeastEveryMs: 60_000 }, read: (t) => (box.isOpen(t) ? 'open' : 'closed') },
      { name: 'compressor', everyMs: 1_000, onChange: { atLeastEveryMs: 60_000 }, read: box.isCooling },
    ],
  }
}

/** One object a message: what a tracker sends. */
function truck(seed: number, index: number): Unit {
  const id = `truck-${index + 1}`
  const box = coldBox(seed, id, { setPoint: -18, index })
  return {
    id,
    channels: [
      { name: 'temperature', unit: 'Cel', everyMs: 5_000, spike: 40, read: (t) => rounded(box.temperature(t), 2) },
      { name: 'tracker', everyMs: 5_000, read: (t) => ({ gps: position(seed, id, t), battery: rounded(12.6 + 0.3 * noise(seed, `${id}:battery`, { tMs: t, periodMs: 60_000 }), 2) }) },
    ],
  }
}

/** Falls while the compressor runs and creeps up while it rests; an open door or a dead compressor lets the warmth in. */
function coldBox(seed: number, id: string, { setPoint, index }: { setPoint: number; index: number }): { temperature: (tMs: number) => number; isOpen: (tMs: number) => boolean; isCooling: (tMs: number) => boolean } {
  const periodMs = between(seed, `${id}:period`, [80_000, 140_000])
  const phase = between(seed, `${id}:phase`, [0, 1])
  const common = { seed, index: 0, kinds: ['open', 'dead'] as const }
  const door: StretchPlan<'open' | 'dead'> = { ...common, kinds: ['open'], key: `${id}:door`, cycleMs: 120_000, firstAtMs: 12_000 + index * 5_000, lastsMs: [6_000, 25_000] }
  const failure: StretchPlan<'open' | 'dead'> = { ...common, kinds: ['dead'], key: `${id}:failure`, cycleMs: 900_000, firstAtMs: 40_000 + index * 100_000, lastsMs: [60_000, 120_000] }
  const turn = (tMs: number): number => (tMs / periodMs + phase) % 1
  return {
    temperature(tMs) {
      const part = turn(tMs)
      // two fifths of the time it runs
      const saw = part < 0.4 ? 1 - part / 0.4 : (part - 0.4) / 0.6
      const warmth = 5 * strength(stretchAround(door, tMs), tMs, 8_000) + 9 * strength(stretchAround(failure, tMs), tMs, 45_000)
      return setPoint - 0.8 + 1.6 * saw + warmth + 0.08 * noise(seed, `${id}:sensor`, { tMs, periodMs: 2_000 })
    },
    isOpen: (tMs) => isInside(stretchAround(door, tMs), tMs),
    isCooling: (tMs) => turn(tMs) < 0.4 && !isInside(stretchAround(failure, tMs), tMs),
  }
}

/** A round of 40 minutes about a depot, with the scatter of a real receiver. */
function position(seed: number, id: string, tMs: number): { lat: number; lon: number; accuracy: number } {
  const angle = 2 * Math.PI * (tMs / 2_400_000 + between(seed, `${id}:start`, [0, 1]))
  const radius = 0.05 + 0.01 * Math.sin(3 * angle)
  const scatter = (axis: string): number => 0.00005 * noise(seed, `${id}:${axis}`, { tMs, periodMs: 5_000 })
  return {
    lat: rounded(52.52 + radius * Math.sin(angle) + scatter('lat'), 6),
    lon: rounded(13.405 + 1.6 * radius * Math.cos(angle) + scatter('lon'), 6),
    accuracy: rounded(6 + 4 * Math.abs(noise(seed, `${id}:sky`, { tMs, periodMs: 30_000 })), 1),
  }
}
