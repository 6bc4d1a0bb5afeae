import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Announcements } from './announce.ts'
import type { Gate } from './gate.ts'
import { readApplicationEvent } from './ingest/application-event.ts'
import { readCommandPayload } from './ingest/command-payload.ts'
import { textOf } from './ingest/fields.ts'
import type { Ingest, Route } from './ingest/ingest.ts'
import type { Rejections } from './ingest/rejections.ts'
import type { Fault } from './ingest/sample.ts'
import type { OperatorAction, OperatorOutcome, Transition } from './kernel/alarm.ts'
import type { Accept, DeviceFacts, Incoming, InboundEvent, InboundPublish, Receipt, StoreWriter, TechnicalCondition, Times } from './kernel/contracts.ts'
import type { AlarmStage, LiveAlarmStage } from './kernel/stage-contracts.ts'
import { asStored } from './kernel/as-stored.ts'
import type { CommandDesk, CommandRequest } from './kernel/device-contracts.ts'
import { LimenError, asError } from './kernel/errors.ts'
import type { CloudEvent, NewEvent } from './kernel/event.ts'
import type { Logger } from './kernel/log.ts'
import type { Reading } from './kernel/reading.ts'
import type { Rule } from './kernel/rule.ts'
import { deviceOf } from './log-replay.ts'
import type { StageMark } from './stage-marks.ts'
import { rulesAfter, rulesChange } from './stage-marks.ts'

/** Rooms that act on what passes; everything is called in the turn of the input, so what they write is in its batch. */
export interface PipelineDeps {
  readonly times: () => Times
  /** Seen from monotonic time the wall clock is not where `times` has it: `followClock` makes it so from there on. */
  readonly clockMoved: () => boolean
  readonly followClock: () => void
  readonly store: StoreWriter
  readonly ingest: Ingest
  readonly rejections: Rejections
  readonly stage: Pick<LiveAlarmStage, keyof AlarmStage | 'times' | 'rules' | 'factsOf'>
  readonly announcements: Announcements
  readonly devices: {
    /** A message came in: registers its device if that is new, and says so. */
    meet(reading: Reading): boolean
    factsOf(device: string): DeviceFacts
    /** Of all that are known. */
    ids(): readonly string[]
    observe(reading: Reading, position: number): void
    /** False: the payload is neither `online` nor `offline`. */
    status(device: string, payload: string, times: Times): boolean
  }
  readonly commands: Pick<CommandDesk, 'request' | 'acknowledged' | 'reported' | 'onTransition'>
  readonly delivery: { onTransition(transition: Transition, event: CloudEvent): void }
  /** Has this posted event (source, id) been taken before? Remembers it if not. */
  readonly postedBefore: (event: CloudEvent, receivedAt: number) => boolean
  /** The next due time of the rules may have changed. */
  readonly armTimers: () => void
  /** Shut while state is rebuilt after a commit that failed. */
  readonly gate: Gate
  readonly logger: Logger
}

export interface Pipeline {
  readonly accept: Accept
  /** Fires the timers that are due. */
  advance(): void
  /** A room's own event; in the current batch. */
  record(event: NewEvent): void
  /** One of the gateway's own technical alarms; while the gate is shut it waits, and of each the last word counts. */
  condition(condition: TechnicalCondition): void
  /** The whole set. */
  replaceRules(rules: readonly Rule[]): void
  presence(device: string, online: boolean): void
  /** A device became known, or its type, labels or settings changed. */
  deviceChanged(device: string): void
  /** State was rebuilt from the store: the rules, and what is known of devices, as far as they were lost with the batch that told of them. */
  again(): void
  /**
   * The gateway is back: when it last lived (`alive`) and its version go into the log, before anything else does, and in the same batch what
   * that entails; once that is on disk all devices are looked at, of which the configuration may say something else since. Rejects where
   * it could not be stored.
   */
  resumed(of: { readonly alive: Times | null; readonly times: Times; readonly version: string }): Promise<void>
}

/** A start that is broken off ends between two such turns. */
const devicesPerTurn = 250
const taken: Receipt = { taken: true }
const takenBefore: Receipt = { taken: true, duplicate: true }

/**
 * The spine. One door for all that comes in: decode, evaluate and append happen synchronously, in the order of arrival;
 * `done` comes when the batch is on disk. Nothing here waits, and nothing downstream can make it wait.
 */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { store, stage, ingest, announcements, gate } = deps
  /** An input is on its way through: what rooms find meanwhile is taken after it, so that the log has it in the order in which it counted. */
  let busy = false
  const later: (() => void)[] = []
  /** The first set of a run is written out whole: the log before it may be gone one day. */
  let rulesWhole = true
  let given: readonly Rule[] | undefined

  const mark = (of: StageMark): void => void store.appendMark({ ...of })

  /** Now, with everything done that was due by now. The log has what of it cannot be worked out from the inputs. */
  function enter(): Times {
    const times = deps.times()
    // A step that was followed in a batch that could not be stored: the log knows nothing of it.
    if (offsetOf(times) !== offsetOf(stage.times())) return clockSet(times)
    if (stage.nextDue() <= times.at) fireDue(times)
    if (!deps.clockMoved()) return times
    deps.followClock()
    return clockSet(deps.times())
  }

  function clockSet(times: Times): Times {
    ingest.clockSet(offsetOf(times) - offsetOf(stage.times()))
    mark({ kind: 'clock', ...times })
    follow(stage.advance(times))
    return times
  }

  function fireDue(times: Times): void {
    const before = stage.firings()
    const transitions = stage.advance(times)
    if (stage.firings() !== before) mark({ kind: 'advance', ...times })
    follow(transitions)
  }

  /** One input at a time. */
  function exclusive<T>(work: () => T): T {
    busy = true
    try {
      return work()
    } finally {
      busy = false
      for (let next = later.shift(); next !== undefined; next = later.shift()) next()
    }
  }

  const accept: Accept = (input, done) => {
    let receipt: Receipt
    try {
      gate.mustBeOpen()
      receipt = exclusive(() => take(input, enter()))
    } catch (thrown) {
      if (thrown instanceof LimenError) return refuse(thrown, done)
      // A fault of ours must not make the sender repeat this message for ever: it is kept with its reason.
      const error = asError(thrown)
      deps.logger.error({ err: error }, 'an input could not be evaluated')
      record({ type: 'limen.gateway.fault', data: { input: input.kind, message: error.message } })
      receipt = { taken: false, reason: 'internal fault' }
    }
    deps.armTimers()
    store.onDisk((error) => done(error, receipt))
  }

  /** What a room will not do, with its reason; or nothing can be stored, and its source is to send it again. */
  function refuse(refusal: LimenError, done: Parameters<Accept>[1]): void {
    const receipt: Receipt = { taken: false, reason: refusal.message, refused: refusal.code }
    if (refusal.code === 'STORE_FAILED' || refusal.code === 'STORE_CLOSED') return done(refusal, receipt)
    store.onDisk((error) => done(error, receipt))
  }

  function take(input: Incoming, times: Times): Receipt {
    switch (input.kind) {
      case 'publish':
        return takePublish(input, times)
      case 'event':
        return takeEvent(input, times)
      case 'action':
        return { taken: true, outcome: takeAction(input.action, times) }
      case 'command':
        return { taken: true, commandId: command(input.command) }
      case 'own-event':
        record(input.event)
        return taken
      default:
        return input satisfies never
    }
  }

  function takePublish(input: InboundPublish, times: Times): Receipt {
    const { payload } = input
    const route = ingest.route(input.topic)
    const { topic } = route
    // An empty payload clears a retained message and is no reading.
    if (topic.kind === 'ordinary' || payload.length === 0) return taken
    switch (topic.kind) {
      case 'metric':
      case 'object':
        return takeReadings(input, route, times)
      case 'status':
        return deps.devices.status(topic.device, textOf(payload) ?? '', times)
          ? taken
          : reject(topic.device, input, [{ reason: 'bad-status', detail: 'write online or offline' }])
      case 'ack': {
        const answer = deps.commands.acknowledged(topic.device, topic.actuator, payload)
        return answer.ok ? taken : reject(topic.device, input, [{ reason: 'bad-ack', detail: answer.reason ?? 'write {"id":…,"status":"done"}' }])
      }
      case 'set':
        return takeManualCommand(input, topic.device, topic.actuator)
      case 'event': {
        const read = readApplicationEvent(topic.type, payload)
        if ('reason' in read) return reject('', input, [read])
        hear(announcements.event({ type: topic.type, data: read.data }, times.wallMs), times)
        return taken
      }
      default:
        return topic satisfies never
    }
  }

  function takeReadings(input: InboundPublish, route: Route, times: Times): Receipt {
    const { messages, duplicates, faults } = ingest.take(route, input.payload, times.wallMs)
    evaluate(messages, input.payload.length, times)
    if (faults.length > 0) return reject('device' in route.topic ? route.topic.device : '', input, faults)
    return duplicates > 0 && messages.length === 0 ? takenBefore : taken
  }

  function evaluate(messages: readonly (readonly Reading[])[], payloadBytes: number, times: Times): void {
    let bytes = payloadBytes
    for (const readings of messages) {
      // A device that is new is known before its first reading is evaluated.
      if (deps.devices.meet(readings[0]!)) follow(deviceChange(readings[0]!.series.device, times))
      for (let i = 0; i < readings.length; i++) {
        const reading = readings[i]!
        const position = store.appendReading(reading, bytes, i > 0)
        bytes = 0
        deps.devices.observe(reading, position)
        deps.commands.reported(reading)
      }
      follow(stage.evaluate(readings, times))
    }
  }

  function deviceChange(device: string, times: Times): readonly Transition[] {
    const facts = asStored(deps.devices.factsOf(device))
    if (sameFacts(stage.factsOf(device), facts)) return []
    mark({ kind: 'device', ...times, device, facts })
    return stage.deviceChanged(device, facts, times)
  }

  function hear(event: CloudEvent, times: Times): void {
    mark({ kind: 'heard', ...times })
    store.appendEvent(event)
    // Rules hear what the log will say again.
    const data = asStored(event.data)
    follow(stage.hear({ type: event.type, data, device: deviceOf(data) }, times))
  }

  function takeEvent({ event }: InboundEvent, times: Times): Receipt {
    if (deps.postedBefore(event, times.wallMs)) return takenBefore
    if (event.type !== 'limen.reading') {
      hear(event, times)
      store.urgent()
      return taken
    }
    const { messages, duplicates, faults } = ingest.takeData(event.data, times.wallMs)
    evaluate(messages, JSON.stringify(event.data ?? null).length, times)
    if (faults.length === 0) return duplicates > 0 ? takenBefore : taken
    return reject(event.source, { topic: `events (${event.id})`, payload: Buffer.from(JSON.stringify(event.data ?? null)) }, faults)
  }

  function takeManualCommand(input: InboundPublish, device: string, actuator: string): Receipt {
    const read = readCommandPayload(input.payload)
    if ('reason' in read) return reject(device, input, [read])
    command({ device, actuator, value: read.value, by: input.principal.name, ...(read.ttlMs === undefined ? {} : { ttlMs: read.ttlMs }) })
    return taken
  }

  function command(request: CommandRequest): string {
    const { id } = deps.commands.request(request)
    store.urgent()
    return id
  }

  function takeAction(action: OperatorAction, times: Times): OperatorOutcome {
    const outcome = stage.act(action, times)
    mark({ kind: 'action', ...times, ok: outcome.ok, ...action })
    follow(outcome.transitions)
    store.urgent()
    return outcome
  }

  /** What every transition entails, in its own batch: the log, the alarm's topic, its event, commands, notifications. */
  function follow(transitions: readonly Transition[]): void {
    for (const transition of transitions) {
      const event = announcements.alarmEvent(transition)
      store.appendEvent(event)
      store.urgent()
      if (transition.rule.mode === 'shadow') continue
      announcements.announceAlarm(transition)
      announcements.announceEvent(event)
      deps.commands.onTransition(transition)
      deps.delivery.onTransition(transition, event)
    }
  }

  function record(newEvent: NewEvent): void {
    const event = announcements.event(newEvent, deps.times().wallMs)
    store.appendEvent(event)
    announcements.announceEvent(event)
  }

  function reject(device: string, { topic, payload }: Pick<InboundPublish, 'topic' | 'payload'>, faults: readonly Fault[]): Receipt {
    const event = deps.rejections.note({ device, topic, payload, faults, at: deps.times().at })
    if (event !== undefined) record(event)
    return { taken: false, reason: faults[0]!.detail }
  }

  /** Runs something that is no input of the door but may bring transitions, in the order of time. */
  function run(work: (times: Times) => readonly Transition[]): void {
    if (busy) return void later.push(() => run(work))
    if (!gate.isOpen()) return
    exclusive(() => follow(work(enter())))
    deps.armTimers()
  }

  function deviceChanged(device: string): void {
    gate.whenOpen(`device ${device}`, () => run((times) => deviceChange(device, times)))
  }

  function replaceRules(rules: readonly Rule[]): void {
    given = rules
    gate.whenOpen('rules', () => run((times) => {
      const whole = rulesWhole
      const change = whole ? { put: rules, removed: [] } : rulesChange(stage.rules(), rules)
      rulesWhole = false
      if (!whole && change.put.length + change.removed.length === 0) return []
      mark({ kind: 'rules', ...times, whole, ...change })
      // Of what the log does not say, such as another place in a file, the stage does not know either.
      return stage.replaceRules(rulesAfter(stage.rules(), { whole, ...change }), times)
    }))
  }

  return {
    accept,
    // While state is rebuilt nothing fires; what was due then fires when it is there again.
    advance: () => run(() => []),
    record,
    condition: (condition) => gate.whenOpen(`${condition.rule} ${condition.key ?? ''}`, () => run((times) => {
      const transitions = stage.technical(condition, times)
      if (transitions.length > 0) mark({ kind: 'technical', ...times, condition })
      return transitions
    })),
    replaceRules,
    presence: (device, online) => run((times) => {
      mark({ kind: 'presence', ...times, device, online })
      return stage.presence(device, online, times)
    }),
    deviceChanged,
    again() {
      if (given !== undefined) replaceRules(given)
      run((times) => deps.devices.ids().flatMap((device) => deviceChange(device, times)))
    },
    async resumed({ alive, times, version }) {
      mark({ kind: 'start', ...times, aliveAt: alive?.at ?? null, aliveWallMs: alive?.wallMs ?? null, version })
      exclusive(() => follow(stage.resume({ kind: 'start', alive, times })))
      store.urgent()
      await new Promise<void>((resolve, fail) => store.onDisk((error) => (error === null ? resolve() : fail(error))))
      for (const [i, device] of deps.devices.ids().entries()) {
        if (i % devicesPerTurn === 0) await nextTurn()
        deviceChanged(device)
      }
    },
  }
}

/** Wall time less monotonic time. */
function offsetOf({ at, wallMs }: Times): number {
  return wallMs - at
}

function sameFacts(a: DeviceFacts | undefined, b: DeviceFacts): boolean {
  return a !== undefined && a.type === b.type && JSON.stringify([a.labels, a.settings]) === JSON.stringify([b.labels, b.settings])
}
