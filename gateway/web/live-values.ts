import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Device, DeviceRegistry } from '../kernel/device-contracts.ts'
import type { ValueRow } from '../kernel/live.ts'
import type { Value } from '../kernel/reading.ts'
import type { Sink } from './stream.ts'

/** One who is told of the pulse and of the values of devices it watches. */
export interface Watcher {
  /** Replaces what was watched before; everything there is of these devices follows with the next tick. */
  watch(devices: readonly string[]): void
  leave(): void
}

/**
 * What live sockets are told besides events: a pulse once a second, and every 250 ms those values of watched devices that
 * changed. Nothing here stands in the way of a reading: each tick looks once at every device that anybody watches, whoever
 * and however many they are, and each watcher gets what changed since its own last frame. A watcher whose socket is full
 * skips ticks and gets the newest later; of a value that changed several times meanwhile it sees the last.
 */
export interface LiveValues {
  join(sink: Pick<Sink, 'write' | 'unsentBytes'>): Watcher
  stop(): void
}

export interface LiveValuesDeps {
  readonly clock: Clock
  /** What is on disk. */
  readonly devices: Pick<DeviceRegistry, 'get'>
  readonly pulse: () => string
}

export const valuesEveryMs = 250
export const pulseEveryMs = 1_000
const maxUnsentBytes = 64 * 1024
/** A frame ends after the device with which it reaches this; the others come with the next tick. */
const maxFrameLength = 256 * 1024
/** Longer texts are cut: the API has them whole. */
const longestText = 256

interface Watched { watchers: number; readonly metrics: Map<string, Seen>; changedAt: number }
/** A metric as it was last seen, the tick at which it became so, and its row as JSON. */
interface Seen { ts: number; value: Value; quality: string; unit: string | null; changedAt: number; json: string }
interface Member {
  readonly sink: Pick<Sink, 'write' | 'unsentBytes'>
  /** Watched devices, with the tick up to which this member knows them, those it has waited for longest first. */
  readonly known: Map<string, number>
}

export function createLiveValues({ clock, devices, pulse }: LiveValuesDeps): LiveValues {
  const members = new Set<Member>()
  const watched = new Map<string, Watched>()
  let tick = 0
  let cancelValues: Cancel | undefined
  let cancelPulse: Cancel | undefined

  function arm(): void {
    if (members.size > 0) cancelPulse ??= clock.after(pulseEveryMs, beat)
    if (watched.size > 0) cancelValues ??= clock.after(valuesEveryMs, look)
  }

  function beat(): void {
    cancelPulse = undefined
    const frame = members.size === 0 ? '' : pulse()
    for (const { sink } of members) if (sink.unsentBytes() <= maxUnsentBytes) sink.write(frame)
    arm()
  }

  function look(): void {
    cancelValues = undefined
    tick++
    for (const [id, entry] of watched) {
      const device = devices.get(id)
      if (device !== undefined) compare(entry, device, tick)
    }
    for (const member of members) tell(member)
    arm()
  }

  function tell({ sink, known }: Member): void {
    if (known.size === 0 || sink.unsentBytes() > maxUnsentBytes) return
    let rows = ''
    for (const [id, through] of [...known]) {
      const { changedAt, metrics } = watched.get(id)!
      if (changedAt <= through) continue
      for (const seen of metrics.values()) if (seen.changedAt > through) rows += `${rows === '' ? '' : ','}${seen.json}`
      // To the end of the line: whoever did not fit into this frame comes first in the next.
      known.delete(id)
      known.set(id, tick)
      if (rows.length >= maxFrameLength) break
    }
    if (rows !== '') sink.write(`event: values\ndata: {"now":${clock.wall()},"values":[${rows}]}\n\n`)
  }

  function unwatch(id: string): void {
    const entry = watched.get(id)!
    entry.watchers--
    if (entry.watchers === 0) watched.delete(id)
  }

  function watchedBy(member: Member, ids: readonly string[]): void {
    const before = [...member.known.keys()]
    member.known.clear()
    for (const id of new Set(ids)) {
      const entry = watched.get(id) ?? { watchers: 0, metrics: new Map<string, Seen>(), changedAt: 0 }
      watched.set(id, entry)
      entry.watchers++
      member.known.set(id, 0)
    }
    for (const id of before) unwatch(id)
    arm()
  }

  return {
    join(sink) {
      const member: Member = { sink, known: new Map() }
      members.add(member)
      sink.write(pulse())
      arm()
      return {
        watch(ids) {
          if (members.has(member)) watchedBy(member, ids)
        },
        leave() {
          if (!members.delete(member)) return
          watchedBy(member, [])
        },
      }
    },
    stop() {
      cancelValues?.()
      cancelPulse?.()
      cancelValues = cancelPulse = undefined
      members.clear()
      watched.clear()
    },
  }
}

/** Takes over what is different from what was seen before. */
function compare(entry: Watched, device: Device, tick: number): void {
  for (const [metric, { value, ts, quality, unit }] of Object.entries(device.metrics)) {
    const seen = entry.metrics.get(metric)
    if (seen !== undefined && seen.ts === ts && Object.is(seen.value, value) && seen.quality === quality && seen.unit === unit) continue
    const shown = typeof value === 'string' && value.length > longestText ? `${value.slice(0, longestText)}…` : value
    const row: ValueRow = [device.id, metric, shown, ts, quality, unit]
    entry.metrics.set(metric, { value, ts, quality, unit, changedAt: tick, json: JSON.stringify(row) })
    entry.changedAt = tick
  }
}
