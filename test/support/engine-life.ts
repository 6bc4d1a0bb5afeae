import type { SavedStage } from '../../gateway/alarm-stage.ts'
import { createAlarmStage } from '../../gateway/alarm-stage.ts'
import { createAnnouncements } from '../../gateway/announce.ts'
import { createDevices } from '../../gateway/devices/registry.ts'
import { createIngest } from '../../gateway/ingest/ingest.ts'
import { createPostedEvents } from '../../gateway/ingest/posted.ts'
import { createRejections } from '../../gateway/ingest/rejections.ts'
import type { OperatorAction, Transition } from '../../gateway/kernel/alarm.ts'
import type { ConfiguredDevice } from '../../gateway/kernel/configured-devices.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import type { DeviceFacts, Incoming, LogEntry, Resume, TechnicalCondition, Times } from '../../gateway/kernel/contracts.ts'
import type { Logger } from '../../gateway/kernel/log.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import { sideBySide } from '../../gateway/kernel/side-by-side.ts'
import { createLogReplay } from '../../gateway/log-replay.ts'
import { createPipeline } from '../../gateway/pipeline.ts'
import { recallInputs } from '../../gateway/recall.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import { createSnapshots } from '../../gateway/snapshots.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { copyOf } from './timeline.ts'

/** What can happen to a gateway. `tsBy`: the device's own time is so much after that of receipt; `then`: another message in the same payload. `keep`: the state is kept with this batch. */
export type Happening =
  | { readonly what: 'message'; readonly device: string; readonly values: Readonly<Record<string, unknown>>; readonly tsBy?: number | undefined; readonly seq?: number | undefined; readonly then?: Readonly<Record<string, unknown>> | undefined }
  | { readonly what: 'payload'; readonly topic: string; readonly payload: string }
  | { readonly what: 'action'; readonly action: Omit<OperatorAction, 'until'>; readonly untilBy?: number | undefined }
  | { readonly what: 'technical'; readonly condition: TechnicalCondition }
  | { readonly what: 'facts'; readonly device: string; readonly facts: Partial<DeviceFacts> }
  | { readonly what: 'rules'; readonly set: number }
  | { readonly what: 'step'; readonly byMs: number }
  | { readonly what: 'look' }
  | { readonly what: 'keep' }
  | { readonly what: 'restart'; readonly downMs: number; readonly stepMs: number }

export interface LifeOptions {
  readonly ruleSets: readonly (readonly Rule[])[]
  readonly startWallMs: number
  readonly devices?: ReadonlyMap<string, ConfiguredDevice>
}

export interface Life {
  /** Time passes, and nobody looks. */
  pass(ms: number): void
  happen(what: Happening): Promise<void>
  commit(): Promise<void>
  /** All since the last commit is lost. */
  lose(): Promise<void>
  /** The state is read anew: from a copy of what is in memory, or as the store has it. */
  cut(from: 'copy' | 'store'): Promise<void>
  keepSnapshot(): Promise<void>
  /** What was told to anybody, of what is on disk. */
  told(): readonly string[]
  stateHash(): string
  /** All of the rules' state. */
  state(): SavedStage
  late(): number
  nextDue(): number
  times(): Times
  log(): Promise<readonly LogEntry[]>
}

const principal = { kind: 'trusted', name: 'local', role: 'admin' } as const

/** As a device writes it, for JSON.stringify would make 0 of −0 and null of NaN. */
export function payloadOf({ values, tsBy, seq, then }: Extract<Happening, { what: 'message' }>, wallMs: number): string {
  const object = (members: Readonly<Record<string, unknown>>, ts: number | undefined): string => `{${[
    ...Object.entries(members).map(([metric, value]) => `${JSON.stringify(metric)}:${typeof value === 'number' ? (Object.is(value, -0) ? '-0' : String(value)) : JSON.stringify(value)}`),
    ...(ts === undefined ? [] : [`"ts":${ts}`]), ...(seq === undefined ? [] : [`"seq":${seq}`]),
  ].join(',')}}`
  const ts = tsBy === undefined ? undefined : wallMs + tsBy
  return then === undefined ? object(values, ts) : `[${object(values, ts ?? wallMs)},${object(then, (ts ?? wallMs) + 250)}]`
}

/** A transition in full: what the journal, the topics and the backtest are made of. */
export function tellingOf({ event, from, alarm, at, wallMs, levelUp, by, note, reason, rule }: Transition): string {
  const { restored: _restored, ...rest } = alarm
  return JSON.stringify([at, wallMs, event, from, levelUp, by, note, reason, rule.version, rest])
}

/** The gateway from its door to its store, without sockets and threads: the same wiring, on a store in memory and a clock that is told. */
export async function createLife({ ruleSets, startWallMs, devices: configured = new Map() }: LifeOptions): Promise<Life> {
  let at = 0
  let offset = startWallMs
  let wallOffset = startWallMs
  let running = ruleSets[0]!
  let told: string[] = []
  let pending: string[] = []
  const faults: unknown[] = []
  const logger: Logger = { ...silentLogger, error: (details) => void faults.push((details as { err?: unknown }).err ?? details) }
  const times = (): Times => ({ at, wallMs: at + offset })

  function build(store: MemoryStore) {
    const stage = createAlarmStage({ kinds }, { state: store })
    const snapshots = createSnapshots({}, { store, stage, clock: systemClock, logger: silentLogger })
    const posted = createPostedEvents({ store })
    const devices = createDevices({ configured }, {
      store, logger: silentLogger,
      emit: (event) => {
        pipeline.record(event)
        if (event.type === 'limen.device.registered') pipeline.deviceChanged(event.subject!)
      },
      presence: (device, online) => pipeline.presence(device, online),
      edited: (device) => {
        ingest.relabel(device)
        pipeline.deviceChanged(device)
      },
    })
    const ingest = createIngest({ maxSeries: 100 }, { store, labels: (device) => devices.labels(device), settings: (device) => devices.settings(device), emit: (event) => pipeline.record(event) })
    const announcements = createAnnouncements({ site: 'here' }, { announcer: { announce() {} } })
    const pipeline = createPipeline({
      times,
      clockMoved: () => offset !== wallOffset,
      followClock: () => { offset = wallOffset },
      store, ingest, stage, devices,
      rejections: createRejections(),
      announcements: {
        ...announcements,
        alarmEvent(transition) {
          pending.push(tellingOf(transition))
          return announcements.alarmEvent(transition)
        },
      },
      commands: { request: () => { throw new Error('no commands') }, acknowledged: () => ({ ok: true }), reported() {}, onTransition() {} },
      delivery: { onTransition() {} },
      postedBefore: (event, receivedAt) => posted.before(event, receivedAt),
      armTimers() {},
      gate: { isOpen: () => true, mustBeOpen() {}, lost() {}, whenOpen: (_name, work) => work() },
      logger,
    })
    return { store, stage, snapshots, devices, ingest, posted, pipeline }
  }

  let life = build(createMemoryStore())

  async function restore(resume: Resume): Promise<void> {
    const { store, devices, ingest, posted, snapshots, stage } = life
    await devices.restore(store)
    await sideBySide(snapshots.restore(stage, resume), recallInputs(store, { ingest, posted, devices, nowMs: Date.now() }).then(() => undefined))
  }

  /** In the order of gateway.ts. */
  async function begin(alive: Times | null): Promise<void> {
    await restore({ kind: 'start', alive, times: times() })
    const up = life.pipeline.resumed({ alive, times: times(), version: 'test' })
    await commit()
    await up
    life.pipeline.replaceRules(running)
  }

  async function commit(): Promise<void> {
    if (faults.length > 0) throw faults[0]
    await life.store.commit()
    await life.snapshots.settled()
    told = told.concat(pending)
    pending = []
  }

  function accept(input: Incoming): void {
    life.pipeline.accept(input, () => {})
  }

  async function happen(happening: Happening): Promise<void> {
    switch (happening.what) {
      case 'message':
        return accept({ kind: 'publish', topic: `devices/${happening.device}`, payload: Buffer.from(payloadOf(happening, at + wallOffset)), retain: false, principal })
      case 'payload':
        return accept({ kind: 'publish', topic: happening.topic, payload: Buffer.from(happening.payload), retain: false, principal })
      case 'action': {
        const { action, untilBy } = happening
        return accept({ kind: 'action', action: untilBy === undefined ? action : { ...action, until: at + wallOffset + untilBy }, principal })
      }
      case 'technical':
        return life.pipeline.condition(happening.condition)
      case 'facts':
        return void life.devices.put(happening.device, happening.facts)
      case 'rules':
        running = ruleSets[happening.set % ruleSets.length]!
        return life.pipeline.replaceRules(running)
      case 'step':
        wallOffset += happening.byMs
        return life.pipeline.advance()
      case 'look':
        return life.pipeline.advance()
      case 'keep':
        return life.snapshots.write(times())
      case 'restart': {
        // What was due until then was done then.
        life.pipeline.advance()
        await commit()
        const alive = times()
        wallOffset += happening.downMs + happening.stepMs
        offset = wallOffset
        life = build(life.store.crash())
        await begin(alive)
        return life.pipeline.advance()
      }
      default:
        happening satisfies never
    }
  }

  await begin(null)
  await commit()
  return {
    pass: (ms) => void (at += ms),
    happen,
    commit,
    async lose() {
      pending = []
      life.store.failNextCommit(new Error('lost'))
      life.store.put('meta', 'lost', '')
      await life.store.commit()
      await life.snapshots.settled()
      await restore({ kind: 'undo', times: times() })
      life.pipeline.again()
    },
    async cut(from) {
      if (from === 'store') return restore({ kind: 'undo', times: times() })
      await life.stage.restore({ store: life.store, saved: copyOf(life.stage), resume: { kind: 'undo', times: times() } })
    },
    async keepSnapshot() {
      life.snapshots.write(times())
      await commit()
      await life.store.commit()
    },
    told: () => told,
    stateHash: () => life.stage.stateHash(),
    state: () => copyOf(life.stage),
    late: () => life.stage.lateReadings(),
    nextDue: () => life.stage.nextDue(),
    times,
    log: async () => (await life.store.read({ after: 0, limit: Infinity })).entries,
  }
}

/** The log gone through by a stage that knows nothing else. */
export function replayed(log: readonly LogEntry[], since: Times): { readonly told: readonly string[]; readonly stateHash: string; readonly late: number; readonly state: SavedStage } {
  const stage = createAlarmStage({ kinds }, { state: { put() {}, delete() {}, onDisk() {} } })
  const told: string[] = []
  const replay = createLogReplay(stage, { since, rules: [], onTransitions: (transitions) => void told.push(...transitions.map(tellingOf)) })
  for (const entry of log) replay.take(entry)
  replay.end()
  return { told, stateHash: stage.stateHash(), late: stage.lateReadings(), state: copyOf(stage) }
}
