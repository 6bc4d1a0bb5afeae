import { createActuator } from './actuator.ts'
import type { Actuator, Answer, Manners } from './actuator.ts'
import type { Clock } from './clock.ts'
import type { Counters } from './counters.ts'
import type { Channel, SimulatedDevice, Value } from './device.ts'
import { disturbance, isOffline } from './faults.ts'
import type { Link, LinkDeps } from './link.ts'
import { uniform } from './random.ts'

export interface RunnerOptions {
  readonly devices: readonly SimulatedDevice[]
  readonly manners: Manners
  /** Readings a second, all together; undefined: each channel at its own pace. */
  readonly rate: number | undefined
}

export interface RunnerDeps {
  readonly clock: Clock
  readonly counters: Counters
  /** Makes the link of a connection. */
  readonly openLink: (connection: { readonly clientId: string; readonly commandFilters: readonly string[] }, handlers: Pick<LinkDeps, 'onCommand' | 'onOnline'>) => Link
}

/** Lets devices live: reads their signals when due, sends them, takes commands. */
export interface Runner { start(): void; stop(): Promise<void> }

const tickMs = 20
/** Time that stood still (a sleeping laptop) is skipped rather than made up for. */
const skipAfterMs = 5_000
const resendAfterMs = 1_500

interface LiveChannel { readonly channel: Channel; readonly everyMs: number; dueMs: number; last: string | undefined; lastSentMs: number }
interface Live {
  readonly device: SimulatedDevice
  readonly link: Link
  readonly channels: readonly LiveChannel[]
  readonly actuators: ReadonlyMap<string, Actuator>
  readonly states: Map<string, { value: Value; sinceMs: number }>
  seq: number
  offline: boolean
}

export function createRunner({ devices, manners, rate }: RunnerOptions, { clock, counters, openLink }: RunnerDeps): Runner {
  const pace = rate === undefined ? 1 : naturalRate(devices) / rate
  const links = new Map<string, { link: Link; members: Live[] }>()
  const lives: Live[] = []
  let origin = { wallMs: 0, monotonicMs: 0 }
  let cancelTick: () => void = () => undefined
  const pending = new Set<() => void>()

  const now = (): number => clock.monotonic() - origin.monotonicMs

  function later(delayMs: number, action: () => void): void {
    const cancel = clock.after(delayMs, () => {
      pending.delete(cancel)
      action()
    })
    pending.add(cancel)
  }

  function build(): void {
    for (const [connection, members] of Map.groupBy(devices, (device) => device.connection)) {
      const commandFilters = members.filter((device) => device.actuators.length > 0).map((device) => `devices/${device.id}/+/set`)
      const group: Live[] = []
      const link = openLink({ clientId: connection, commandFilters }, {
        onCommand,
        onOnline: () => group.forEach(reportStates),
      })
      group.push(...members.map((device) => bringToLife(device, link)))
      links.set(connection, { link, members: group })
      lives.push(...group)
    }
  }

  function bringToLife(device: SimulatedDevice, link: Link): Live {
    return {
      device, link, seq: 0, offline: false,
      channels: device.channels.map((channel) => {
        const everyMs = channel.everyMs * pace
        // not all devices in one breath; what is slow still speaks early
        const dueMs = uniform(manners.seed, `${device.id}:${channel.name}:phase`) * Math.min(everyMs, 3_000)
        return { channel, everyMs, dueMs, last: undefined, lastSentMs: -Infinity }
      }),
      actuators: new Map(device.actuators.map((spec) => [spec.name, createActuator(spec, device.id, manners)])),
      states: new Map(device.actuators.map((spec) => [spec.name, { value: spec.initial, sinceMs: 0 }])),
    }
  }

  function tick(): void {
    const at = now()
    for (const live of lives) step(live, at)
    cancelTick = clock.after(tickMs, tick)
  }

  function step(live: Live, at: number): void {
    const offline = isOffline(live.device.faults, at)
    if (offline !== live.offline) {
      live.offline = offline
      if (offline) live.link.cut()
      else live.link.restore()
    }
    for (const entry of live.channels) {
      if (at - entry.dueMs > skipAfterMs) entry.dueMs = at
      while (entry.dueMs <= at && !live.link.full()) {
        sample(live, entry, entry.dueMs)
        entry.dueMs += entry.everyMs
      }
    }
  }

  function sample(live: Live, entry: LiveChannel, tMs: number): void {
    const { device, states } = live
    const { channel } = entry
    const fault = disturbance(device.faults, channel.name, tMs)
    if (fault.silent) return
    const read = channel.read(fault.frozenAtMs ?? tMs, states)
    const value = fault.spike && typeof read === 'number' ? read + (channel.spike ?? 0) : read
    if (channel.onChange !== undefined) {
      const text = JSON.stringify(value)
      if (text === entry.last && tMs - entry.lastSentMs < channel.onChange.atLeastEveryMs) return
      entry.last = text
      entry.lastSentMs = tMs
    }
    const ts = Math.round(origin.wallMs + tMs + fault.skewMs)
    const [topic, payload] = message(live, channel, { value, ts })
    live.link.publish(topic, payload)
    if (fault.resend) later(resendAfterMs, () => live.link.publish(topic, payload))
  }

  function reportStates(live: Live): void {
    for (const [name, { value }] of live.states) reportState(live, name, value)
  }

  function reportState(live: Live, actuator: string, value: Value): void {
    live.link.publish(`devices/${live.device.id}/${actuator}`, JSON.stringify({ value, ts: Math.round(origin.wallMs + now()), seq: ++live.seq }))
  }

  function onCommand(topic: string, payload: string): void {
    const [, id, name] = topic.split('/')
    const live = lives.find(({ device }) => device.id === id)
    const actuator = live?.actuators.get(name ?? '')
    if (live === undefined || actuator === undefined) return
    counters.commandsReceived++
    const answers = actuator.take(payload, clock.wall())
    if (answers === 'unreadable') {
      counters.errors++
      return
    }
    for (const answer of answers) later(answer.afterMs, () => give(live, name!, answer))
  }

  function give(live: Live, actuator: string, { id, status, reason, value }: Answer): void {
    if (live.offline) return
    if (value !== undefined) {
      live.states.set(actuator, { value, sinceMs: now() })
      reportState(live, actuator, value)
    }
    live.link.publish(`devices/${live.device.id}/${actuator}/ack`, JSON.stringify({ id, status, ...(reason === undefined ? {} : { reason }) }))
    if (status === 'done' || status === 'rejected' || status === 'expired') counters.commandsAnswered++
  }

  return {
    start() {
      origin = { wallMs: clock.wall(), monotonicMs: clock.monotonic() }
      build()
      counters.connections = links.size
      for (const { link } of links.values()) link.start()
      tick()
    },
    async stop() {
      cancelTick()
      for (const cancel of pending) cancel()
      pending.clear()
      await Promise.all([...links.values()].map(({ link }) => link.stop()))
    },
  }
}

function message(live: Live, channel: Channel, { value, ts }: { value: Value | Readonly<Record<string, unknown>>; ts: number }): readonly [topic: string, payload: string] {
  const seq = ++live.seq
  if (typeof value === 'object') return [`devices/${live.device.id}`, JSON.stringify({ ...value, ts, seq })]
  return [`devices/${live.device.id}/${channel.name}`, JSON.stringify({ value, ...(channel.unit === undefined ? {} : { unit: channel.unit }), ts, seq })]
}

/** Samples a second of all channels together. */
function naturalRate(devices: readonly SimulatedDevice[]): number {
  return devices.flatMap((device) => device.channels).reduce((sum, channel) => sum + 1_000 / channel.everyMs, 0)
}
