import { noFaults, rounded } from '../device.ts'
import type { ActuatorStates, Scenario, SimulatedDevice } from '../device.ts'
import { noise, uniform } from '../random.ts'
import { isInside, strength, stretchAround } from '../stretches.ts'

const roomNames = ['hall', 'living', 'kitchen', 'bedroom', 'study', 'bath']

/** What a running fan takes off the room, in degrees, and how fast. */
const fanCools = { degrees: 3.5, tauMs: 12_000 }

/** A home: in each room motion, a lamp, and a climate sensor with a fan; one front door, one meter, one smoke detector. */
export const home: Scenario = {
  name: 'home',
  defaultCount: 3,
  counts: 'rooms',
  devices({ seed, count, faults }) {
    const rooms = Array.from({ length: count }, (_, index) => ({ name: roomNames[index] ?? `room-${index + 1}`, index }))
    return [
      ...rooms.flatMap(({ name, index }) => [motionSensor(seed, name, index), lamp(seed, name), climate(seed, name, { index, faults })]),
      frontDoor(seed),
      meter(seed, faults),
      smokeDetector(seed, faults),
    ]
  },
}

function motionSensor(seed: number, room: string, index: number): SimulatedDevice {
  const id = `motion-${room}`
  const plan = { seed, key: id, kinds: ['motion'] as const, index: 0, cycleMs: 50_000, firstAtMs: 4_000 + index * 9_000, lastsMs: [6_000, 14_000] as const }
  return {
    id, connection: id, actuators: [], faults: noFaults(seed, id),
    channels: [{ name: 'motion', everyMs: 250, onChange: { atLeastEveryMs: 20_000 }, read: (t) => isInside(stretchAround(plan, t), t) }],
  }
}

function lamp(seed: number, room: string): SimulatedDevice {
  const id = `lamp-${room}`
  return { id, connection: id, channels: [], actuators: [{ name: 'light', initial: 'off', kind: 'switch', takesMs: 150 }], faults: noFaults(seed, id) }
}

/** The sun warms the room now and then; the fan, if somebody switches it on, cools it again. */
function climate(seed: number, room: string, { index, faults }: { index: number; faults: boolean }): SimulatedDevice {
  const id = `climate-${room}`
  const sun = { seed, key: `${id}:sun`, kinds: ['sun'] as const, index: 0, cycleMs: 150_000, firstAtMs: 10_000 + index * 8_000, lastsMs: [40_000, 60_000] as const }
  const temperature = (t: number, actuators: ActuatorStates): number =>
    22.5 + 0.6 * noise(seed, `${id}:heat`, { tMs: t, periodMs: 60_000 }) + 5.5 * strength(stretchAround(sun, t), t, 15_000) - cooling(actuators, t)
  return {
    id, connection: id,
    channels: [
      { name: 'temperature', unit: 'Cel', everyMs: 2_000, spike: 30, read: (t, actuators) => rounded(temperature(t, actuators), 1) },
      {
        name: 'humidity', unit: '%', everyMs: 5_000, spike: -40,
        read: (t, actuators) => rounded(48 + 4 * noise(seed, `${id}:damp`, { tMs: t, periodMs: 90_000 }) - 1.5 * (temperature(t, actuators) - 22.5), 1),
      },
    ],
    actuators: [{ name: 'fan', initial: 'off', kind: 'switch', takesMs: 800 }, { name: 'thermostat', initial: 21, kind: 'number', takesMs: 400 }],
    faults: faults
      ? { seed, device: id, index: index + 2, firstAtMs: 45_000, kinds: ['flat', 'drop-out', 'spikes', 'duplicates'], channel: 'temperature' }
      : noFaults(seed, id),
  }
}

/** Grows while the fan runs and wears off afterwards; a function of when it was switched. */
function cooling(actuators: ActuatorStates, tMs: number): number {
  const fan = actuators.get('fan')
  if (fan === undefined) return 0
  const share = 1 - Math.exp(-(tMs - fan.sinceMs) / fanCools.tauMs)
  // switched off since the start means it never ran: nothing to wear off
  if (fan.value === 'off') return fan.sinceMs === 0 ? 0 : fanCools.degrees * (1 - share)
  return fanCools.degrees * share
}

function frontDoor(seed: number): SimulatedDevice {
  const id = 'door-front'
  const plan = { seed, key: id, kinds: ['open'] as const, index: 0, cycleMs: 90_000, firstAtMs: 18_000, lastsMs: [16_000, 24_000] as const }
  return {
    id, connection: id, actuators: [], faults: noFaults(seed, id),
    channels: [{ name: 'contact', everyMs: 250, onChange: { atLeastEveryMs: 30_000 }, read: (t) => (isInside(stretchAround(plan, t), t) ? 'open' : 'closed') }],
  }
}

function meter(seed: number, faults: boolean): SimulatedDevice {
  const id = 'meter-main'
  const washing = { seed, key: `${id}:washing`, kinds: ['heating', 'turning'] as const, index: 0, cycleMs: 120_000, firstAtMs: 15_000, lastsMs: [30_000, 60_000] as const }
  const watts = (t: number): number => {
    const current = stretchAround(washing, t)
    const fridge = uniform(seed, `${id}:fridge:${Math.floor(t / 40_000)}`) < 0.4 ? 90 : 0
    return 180 + fridge + 25 * noise(seed, id, { tMs: t, periodMs: 8_000 }) + (current?.kind === 'heating' ? 2_050 : 350) * strength(current, t, 1_500)
  }
  return {
    id, connection: id, actuators: [],
    channels: [{ name: 'power', unit: 'W', everyMs: 1_000, spike: 9_000, read: (t) => rounded(watts(t), 1) }],
    faults: faults ? { seed, device: id, index: 1, firstAtMs: 50_000, kinds: ['clock-skew', 'spikes', 'duplicates', 'offline'] } : noFaults(seed, id),
  }
}

/** Says that it lives, and falls silent once in a while: what a rule of kind `absent` is for. */
function smokeDetector(seed: number, faults: boolean): SimulatedDevice {
  const id = 'smoke-hall'
  return {
    id, connection: id, actuators: [],
    channels: [{ name: 'smoke', everyMs: 3_000, read: () => false }],
    faults: faults ? { seed, device: id, index: 0, firstAtMs: 14_000, kinds: ['drop-out'] } : noFaults(seed, id),
  }
}
