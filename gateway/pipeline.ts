import type { Announcements } from './announce.ts'
import type { Gate } from './gate.ts'
import { readApplicationEvent } from './ingest/application-event.ts'
import { readCommandPayload } from './ingest/command-payload.ts'
import { textOf } from './ingest/fields.ts'
import type { Ingest, Route } from './ingest/ingest.ts'
import type { Rejections } from './ingest/rejections.ts'
import type { Fault } from './ingest/sample.ts'
import type { OperatorAction, OperatorOutcome, Transition } from './kernel/alarm.ts'
import type {
  Accept, AlarmStage, Incoming, InboundEvent, InboundPublish, LiveAlarmStage, Receipt, StoreWriter, TechnicalCondition, Times,
} from './kernel/contracts.ts'
import type { CommandDesk, CommandRequest } from './kernel/device-contracts.ts'
import { LimenError, asError } from './kernel/errors.ts'
import type { CloudEvent, NewEvent } from './kernel/event.ts'
import type { Logger } from './kernel/log.ts'
import type { Reading } from './kernel/reading.ts'
import type { Rule } from './kernel/rule.ts'

/** Rooms that act on what passes; everything is called in the turn of the input, so what they write is in its batch. */
export interface PipelineDeps {
  readonly times: () => Times
  readonly store: StoreWriter
  readonly ingest: Ingest
  readonly rejections: Rejections
  readonly stage: Pick<LiveAlarmStage, keyof AlarmStage | 'devicesChanged'>
  readonly announcements: Announcements
  readonly devices: {
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
  /** `news`: what is told of it, ahead of the alarms that retire. */
  replaceRules(rules: readonly Rule[], news?: NewEvent): void
  presence(device: string, online: boolean): void
  /** A device became known, or its type or labels changed. */
  deviceChanged(device: string): void
}

const taken: Receipt = { taken: true }
const takenBefore: Receipt = { taken: true, duplicate: true }

/**
 * The spine. One door for all that comes in: decode, evaluate and append happen synchronously, in the order of arrival;
 * `done` comes when the batch is on disk. Nothing here waits, and nothing downstream can make it wait.
 */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { store, stage, ingest, announcements, gate } = deps

  const accept: Accept = (input, done) => {
    const times = deps.times()
    let receipt: Receipt
    try {
      gate.mustBeOpen()
      if (stage.nextDue() <= times.at) follow(stage.advance(times))
      receipt = take(input, times)
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
        store.appendEvent(announcements.event({ type: topic.type, data: read.data }, times.wallMs))
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
      for (const reading of readings) {
        const position = store.appendReading(reading, bytes)
        bytes = 0
        deps.devices.observe(reading, position)
        deps.commands.reported(reading)
      }
      follow(stage.evaluate(readings, times))
    }
  }

  function takeEvent({ event }: InboundEvent, times: Times): Receipt {
    if (deps.postedBefore(event, times.wallMs)) return takenBefore
    if (event.type !== 'limen.reading') {
      store.appendEvent(event)
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
    store.appendMark({ kind: 'action', at: times.at, wallMs: times.wallMs, ok: outcome.ok, ...action })
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

  /** Runs something that is no input but may bring transitions, in the order of time. */
  function run(work: (times: Times) => readonly Transition[]): void {
    if (!gate.isOpen()) return
    const times = deps.times()
    follow(stage.advance(times))
    follow(work(times))
    deps.armTimers()
  }

  return {
    accept,
    // While state is rebuilt nothing fires; what was due then fires when it is there again.
    advance: () => run(() => []),
    record,
    condition: (condition) => gate.whenOpen(`${condition.rule} ${condition.key ?? ''}`, () => run((times) => stage.technical(condition, times))),
    replaceRules: (rules, news) => gate.whenOpen('rules', () => {
      if (news !== undefined) record(news)
      run((times) => stage.replaceRules(rules, times))
    }),
    presence: (device, online) => run((times) => stage.presence(device, online, times)),
    deviceChanged: (device) => gate.whenOpen(`device ${device}`, () => run((times) => stage.devicesChanged(device, times))),
  }
}
