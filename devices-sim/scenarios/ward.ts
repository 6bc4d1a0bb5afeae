import { noFaults, rounded } from '../device.ts'
import type { Channel, Scenario, SimulatedDevice } from '../device.ts'
import { faultKinds } from '../faults.ts'
import { between, noise, smooth } from '../random.ts'
import { strength, stretchAround } from '../stretches.ts'
import type { Stretch } from '../stretches.ts'

/** What befalls a patient now and then. */
const episodeKinds = ['desaturation', 'tachycardia', 'fever', 'hypotension'] as const
type EpisodeKind = (typeof episodeKinds)[number]

/** How fast it comes and goes. */
const rampMs: Readonly<Record<EpisodeKind, number>> = { desaturation: 10_000, tachycardia: 5_000, fever: 6_000, hypotension: 8_000 }

/** A ward of monitored beds, each with a call lamp above the door. */
export const ward: Scenario = {
  name: 'ward',
  defaultCount: 6,
  counts: 'beds',
  devices: ({ seed, count, faults }) => Array.from({ length: count }, (_, index) => [bed(seed, index, faults), callLamp(seed, index)]).flat(),
}

function bed(seed: number, index: number, faults: boolean): SimulatedDevice {
  const id = `bed-${index + 1}`
  return {
    id,
    connection: id,
    channels: vitalSigns(seed, id, index),
    actuators: [],
    faults: faults
      ? { seed, device: id, index, firstAtMs: 28_000 + (index % 6) * 4_000, kinds: faultKinds, channel: 'heart_rate' }
      : noFaults(seed, id),
  }
}

function callLamp(seed: number, index: number): SimulatedDevice {
  const id = `lamp-bed-${index + 1}`
  return { id, connection: id, channels: [], actuators: [{ name: 'light', initial: 'off', kind: 'switch', takesMs: 300 }], faults: noFaults(seed, id) }
}

/** The signs hang together: a patient short of oxygen breathes and beats faster, is given oxygen and may not answer. */
function vitalSigns(seed: number, id: string, index: number): Channel[] {
  const base = (name: string, low: number, high: number): number => between(seed, `${id}:${name}`, [low, high])
  const normal = { heart: base('heart', 62, 82), spo2: base('spo2', 96.2, 98.4), breath: base('breath', 13, 17), heat: base('heat', 36.5, 37.1), systolic: base('systolic', 112, 136) }
  const drift = (name: string, tMs: number, periodMs: number): number => noise(seed, `${id}:${name}`, { tMs, periodMs })
  const episode = (tMs: number): Stretch<EpisodeKind> | undefined => stretchAround({
    seed, key: `${id}:episode`, kinds: episodeKinds, index, cycleMs: 180_000, firstAtMs: 5_000 + (index % 6) * 5_000, lastsMs: [22_000, 40_000],
  }, tMs)
  const of = (kind: EpisodeKind, tMs: number): number => {
    const current = episode(tMs)
    return current?.kind === kind ? strength(current, tMs, rampMs[kind]) : 0
  }
  /** Given some seconds into a desaturation, taken away some time after it. */
  const oxygen = (tMs: number): boolean => {
    const current = episode(tMs)
    return current?.kind === 'desaturation' && tMs > current.fromMs + 10_000 && tMs < current.toMs + 30_000
  }
  const systolic = (tMs: number): number => normal.systolic + 7 * drift('pressure', tMs, 120_000) - 38 * of('hypotension', tMs) - 8 * of('tachycardia', tMs)

  return [
    {
      name: 'heart_rate', unit: '/min', everyMs: 1_000, spike: 110,
      read: (t) => Math.round(normal.heart + 5 * drift('heart', t, 45_000) + 2 * drift('beat', t, 3_000)
        + 68 * of('tachycardia', t) + 16 * of('desaturation', t) + 14 * of('fever', t) + 12 * of('hypotension', t)),
    },
    {
      name: 'spo2', unit: '%', everyMs: 1_000, spike: -45,
      read: (t) => Math.round(Math.min(100, normal.spo2 + 0.9 * drift('spo2', t, 30_000) - 14.5 * of('desaturation', t) + (oxygen(t) ? 0.8 : 0))),
    },
    {
      name: 'respiratory_rate', unit: '/min', everyMs: 2_000, spike: 40,
      read: (t) => Math.round(normal.breath + 1.6 * drift('breath', t, 25_000) + 9 * of('desaturation', t) + 5 * of('fever', t)),
    },
    {
      name: 'temperature', unit: 'Cel', everyMs: 5_000, spike: -20,
      read: (t) => rounded(normal.heat + 0.15 * drift('heat', t, 300_000) + 2.4 * of('fever', t), 1),
    },
    {
      // a cuff: both at once, and not often
      name: 'blood_pressure', everyMs: 15_000,
      read: (t) => ({ systolic_bp: Math.round(systolic(t)), diastolic_bp: Math.round(0.6 * systolic(t) + 3 * drift('diastolic', t, 90_000)) }),
    },
    { name: 'supplemental_oxygen', everyMs: 1_000, onChange: { atLeastEveryMs: 30_000 }, read: oxygen },
    {
      name: 'consciousness', everyMs: 1_000, onChange: { atLeastEveryMs: 30_000 },
      // ACVPU: only Voice at the depth of a desaturation
      read: (t) => (smooth(of('desaturation', t)) > 0.98 ? 'V' : 'A'),
    },
  ]
}
