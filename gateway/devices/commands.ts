import { randomUUID } from 'node:crypto'
import type { Alarm, Transition } from '../kernel/alarm.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Announcer, Reachability, StoreReader, StoreWriter, TechnicalCondition } from '../kernel/contracts.ts'
import type { CommandDesk, CommandRequest, Device } from '../kernel/device-contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { CommandSpec } from '../kernel/rule.ts'
import { type Claim, type Release, isActive, releaseOf, winnerOf } from './claims.ts'
import { parseAck } from './command-ack.ts'
import { createCommandBook } from './command-book.ts'
import { type Want, createCommandLife } from './command-life.ts'
import { fillCommand, wrongLevel } from './command-template.ts'
import { type LiveCommand, type Output, claimKey, publicCommand } from './output.ts'
import { createReturns } from './returns.ts'
import { sameValue } from './same-value.ts'

export interface CommandsOptions {
  /** Default 2 s (delivery.md, "Actuators"). */
  readonly acceptWithinMs?: number
  /** Default 3. */
  readonly tries?: number
  /** Most jitter between two tries. Default 500 ms. */
  readonly jitterMs?: number
  /** How long a device that came back may take to report its state before it is commanded without. Default 2 s. */
  readonly reportWithinMs?: number
  /** Commands remembered. Default 10,000. */
  readonly history?: number
  /** Actuators known at most; claims on further ones are refused and counted. Default 50,000. */
  readonly maxOutputs?: number
}

export interface CommandsDeps {
  readonly store: StoreWriter
  readonly clock: Clock
  readonly logger: Logger
  /** [0, 1), for jitter. */
  readonly random: () => number
  /** Unique for ever. Default: random UUIDs. */
  readonly newId?: () => string
  readonly announcer: Announcer
  readonly reachability: Reachability
  readonly statusOf: (device: string) => Device['status']
  /** `limen.command.issued|accepted|done|failed|expired|rejected|superseded`; in the current batch. */
  readonly emit: (event: NewEvent) => void
  /** `technical.command`, key `device.actuator`. */
  readonly onCondition: (condition: TechnicalCondition) => void
}

export interface Commands extends CommandDesk {
  /** Nothing is written or sent any more until `restore`: a commit failed, and what is in memory may not be true. */
  suspend(): void
  restore(store: StoreReader): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
  metrics: MetricSource
}

const manualTtlMs = 30_000
const manualDoneWithinMs = 10_000
/** After a failed commit the pipeline is closed for a moment. */
const resumeAfterMs = 1_000

/** Who wants what of which actuator, and the commands that bring it about. */
export function createCommands(options: CommandsOptions, deps: CommandsDeps): Commands {
  const { clock, logger, store } = deps
  const book = createCommandBook({ maxOutputs: options.maxOutputs ?? 50_000, history: options.history ?? 10_000 }, { store })
  const life = createCommandLife(
    { acceptWithinMs: options.acceptWithinMs ?? 2_000, tries: options.tries ?? 3, jitterMs: options.jitterMs ?? 500 },
    { ...deps, newId: deps.newId ?? randomUUID, book },
  )
  const returns = createReturns({ reportWithinMs: options.reportWithinMs ?? 2_000 }, { clock, reachability: deps.reachability, book, life, wantOf, command })
  let claimOrder = 0
  let unfilled = 0
  let overflow = 0
  let running = false
  let cancelResume: Cancel | undefined

  function command(output: Output, want: Want): LiveCommand {
    const issued = life.issue(output, want)
    returns.dispatch(output)
    return output.live ?? issued
  }

  /** What the wants of now ask of an output; undefined: nothing. */
  function wantOf(output: Output): Want | undefined {
    const winner = winnerOf(output.claims.values())
    if (isActive(winner)) return { ...winner, safe: false }
    return output.owed === null ? undefined : { ...output.owed, safe: true }
  }

  function onTransition({ event, alarm, rule, levelUp }: Transition): void {
    if (rule.mode !== 'live') return
    const runs = event === 'raised' || event === 'reraised' || (event === 'level-changed' && levelUp)
    if (runs && alarm.overlays.length === 0) {
      for (const action of rule.then) if ('command' in action) claim(action.command, alarm)
      return
    }
    // "Clear" is the condition's end, acknowledged or not; a latched alarm holds until it is reset.
    if (alarm.state === 'normal' || alarm.state === 'rtn-unacked') for (const output of book.claimedBy(alarm.id)) release(output, alarm.id, rule.latch)
  }

  function claim(spec: CommandSpec, alarm: Alarm): void {
    const filled = fillCommand(spec, alarm)
    if (!filled.ok) return cannot(alarm, filled.reason)
    const output = book.output(filled.device, filled.actuator)
    if (output === undefined) {
      overflow++
      return cannot(alarm, 'there are more actuators than the gateway takes')
    }
    const { ttlMs, confirm, doneWithinMs } = spec
    const own: Claim = {
      kind: 'alarm', cause: alarm.id, priority: alarm.priority, value: filled.value, order: ++claimOrder, until: null,
      release: spec.release, safeValue: filled.safeValue, manner: { ttlMs, confirm, doneWithinMs }, awaiting: false,
    }
    book.setClaim(output, own)
    // It runs anew each time `then` runs, also when the output has this value already; but not against somebody stronger.
    if (winnerOf(output.claims.values()) === own) command(output, { ...own, safe: false })
    else book.writeOutput(output)
  }

  function cannot(alarm: Alarm, reason: string): void {
    unfilled++
    logger.warn({ rule: alarm.rule, alarm: alarm.id, reason }, 'a command of a rule cannot be given')
    deps.emit({ type: 'limen.command.failed', subject: alarm.key, data: { rule: alarm.rule, cause: alarm.id, reason } })
  }

  function release(output: Output, cause: string, resetDone: boolean): void {
    const own = output.claims.get(cause)
    if (own === undefined || own.kind !== 'alarm' || (own.awaiting && !resetDone)) return
    giveBack(output, own, releaseOf(own, resetDone))
  }

  function giveBack(output: Output, own: Claim, given: Release): void {
    switch (given.kind) {
      case 'stays':
        keep(output, own, given.claim)
        break
      case 'gone':
        book.dropClaim(output, own)
        break
      case 'safe':
        book.dropClaim(output, own)
        if (isActive(winnerOf(output.claims.values()))) break
        // The safe value ends what was left behind, too.
        for (const left of [...output.claims.values()]) book.dropClaim(output, left)
        command(output, { value: given.value, cause: own.cause, manner: own.manner, safe: true })
        return
    }
    follow(output)
  }

  /** One value at most is left behind on an output: the last. */
  function keep(output: Output, own: Claim, kept: Claim): void {
    book.dropClaim(output, own)
    if (kept.kind === 'held') for (const other of [...output.claims.values()]) if (other.kind === 'held') book.dropClaim(output, other)
    book.setClaim(output, kept)
  }

  /** The claims have changed: commands the winner's value if it is not what was commanded last. */
  function follow(output: Output): void {
    const winner = winnerOf(output.claims.values())
    if (winner === undefined) {
      // Nobody wants it any more: what has not reached the device shall not.
      output.wanted = null
      life.withdraw(output, 'its claim was given back')
    } else if (output.wanted === null || !sameValue(winner.value, output.wanted.value)) {
      command(output, { ...winner, safe: false })
      return
    }
    book.writeOutput(output)
  }

  function request({ device, actuator, value, ttlMs = manualTtlMs, overrideMs = ttlMs, by }: CommandRequest): LiveCommand {
    for (const [name, level] of [['device', device], ['actuator', actuator]] as const) {
      const wrong = wrongLevel(level)
      if (wrong !== undefined) throw new LimenError('BAD_INPUT', `${name} "${level}" ${wrong}`, { remedy: 'name one level of devices/{device}/{actuator}/set' })
    }
    if (!(ttlMs > 0)) throw new LimenError('BAD_INPUT', 'ttl must be more than 0 ms', { remedy: 'leave it out for 30 s' })
    const output = book.output(device, actuator)
    if (output === undefined) throw new LimenError('OVERLOADED', 'there are more actuators than the gateway takes')
    // The operator has acted: what awaited one is over.
    for (const other of [...output.claims.values()]) if (other.awaiting || other.kind === 'manual') book.dropClaim(output, other)
    const own: Claim = {
      kind: 'manual', cause: `manual:${by}`, priority: 'high', value, order: ++claimOrder, until: clock.wall() + overrideMs,
      release: 'hold', safeValue: undefined, manner: { ttlMs, confirm: 'ack', doneWithinMs: manualDoneWithinMs }, awaiting: false,
    }
    book.setClaim(output, own)
    const issued = command(output, { ...own, safe: false })
    watchOverride(output)
    return issued
  }

  function watchOverride(output: Output): void {
    const own = output.claims.get(claimKey({ kind: 'manual', cause: '' }))
    if (own === undefined || own.until === null) return
    life.setTimer(output, 'override', { delayMs: own.until - clock.wall(), then: () => {
      if (output.claims.get(claimKey(own)) === own) giveBack(output, own, releaseOf(own, false))
      store.urgent()
    } })
  }

  function resume(): void {
    for (const output of book.outputs()) {
      life.resume(output)
      watchOverride(output)
    }
    returns.look()
  }

  function suspend(): void {
    cancelResume?.()
    returns.stop()
    for (const output of book.outputs()) life.stopTimers(output, 'accept', 'ttl', 'done', 'return', 'override')
  }

  return {
    onTransition,
    suspend,
    request: (wanted) => publicCommand(request(wanted)),
    get(id) {
      const found = book.shown(id)
      return found === undefined ? undefined : publicCommand(found)
    },
    list: (query) => book.list(query).map(publicCommand),
    acknowledged(device, actuator, payload) {
      const ack = parseAck(payload)
      if (!ack.ok) return ack
      const found = book.command(ack.id)
      const output = book.find(device, actuator)
      if (found === undefined || output === undefined || found.device !== device || found.actuator !== actuator) {
        return { ok: false, reason: 'no command of this id was given to this actuator' }
      }
      life.acknowledged(output, found, ack)
      return { ok: true }
    },
    reported(reading) {
      const output = book.find(reading.series.device, reading.series.metric)
      if (output === undefined) return
      life.reported(output, reading)
      returns.reported(output, reading.value)
    },
    presence: (device, online) => returns.presence(device, online),
    async restore(reader) {
      await book.restore(reader)
      for (const output of book.outputs()) for (const { order } of output.claims.values()) claimOrder = Math.max(claimOrder, order)
      if (!running) return
      returns.start()
      cancelResume?.()
      cancelResume = clock.after(resumeAfterMs, resume)
    },
    async start() {
      if (running) return
      running = true
      returns.start()
      resume()
    },
    async stop() {
      if (!running) return
      running = false
      suspend()
    },
    *metrics() {
      let claims = 0
      let faults = 0
      for (const output of book.outputs()) {
        claims += output.claims.size
        if (output.fault) faults++
      }
      yield { name: 'limen_command_claims', help: 'Claims on actuators.', type: 'gauge', value: claims }
      yield { name: 'limen_command_faults', help: 'Actuators whose last command failed.', type: 'gauge', value: faults }
      yield { name: 'limen_command_unfilled_total', help: 'Commands of rules that could not be given.', type: 'counter', value: unfilled }
      yield { name: 'limen_command_overflow_total', help: 'Claims refused because there are too many actuators.', type: 'counter', value: overflow }
    },
  }
}
