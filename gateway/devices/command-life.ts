import type { Clock } from '../kernel/clock.ts'
import type { Announcer, Reachability, StoreWriter, TechnicalCondition } from '../kernel/contracts.ts'
import type { CommandStatus, Device } from '../kernel/device-contracts.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { Reading, Value } from '../kernel/reading.ts'
import type { Ack } from './command-ack.ts'
import type { Manner } from './claims.ts'
import type { CommandBook } from './command-book.ts'
import { type LiveCommand, type Output, type TimerName, commandTopic, isOver, isUndelivered, publicCommand } from './output.ts'
import { sameValue } from './same-value.ts'

/** What is to be commanded, and why. */
export interface Want {
  readonly value: Value
  readonly cause: string
  readonly manner: Manner
  /** The safe value of a claim that was given back. */
  readonly safe: boolean
}

/** One command from its issue to its end: sending, trying again, answers, time-outs. Knows nothing of who wins. */
export interface CommandLife {
  /** A new command, in the current batch; the one before it on this output is superseded. Sent if the device can be reached, else it waits for it up to its ttl. */
  issue(output: Output, want: Want): LiveCommand
  acknowledged(output: Output, command: LiveCommand, ack: Ack & { ok: true }): void
  /** The device reported this state; a command whose `confirm` is `state` is done if it is the wanted one. */
  reported(output: Output, reading: Reading): void
  /** The live command, if it has not been accepted, is of no use any more. */
  withdraw(output: Output, reason: string): void
  /** Sends what is live and not yet accepted, again if need be. */
  send(output: Output): void
  /** Waits with what is live: the device cannot be reached. */
  pause(output: Output): void
  finish(output: Output, status: CommandStatus, reason: string | null): void
  /** Sets the timers of a live command that came from the store; ends it if its time is over. */
  resume(output: Output): void
  setTimer(output: Output, name: TimerName, after: { delayMs: number; then: () => void }): void
  stopTimers(output: Output, ...names: readonly TimerName[]): void
  canReach(output: Output): boolean
}

export interface CommandLifeOptions {
  /** Time a device has to accept. */
  readonly acceptWithinMs: number
  readonly tries: number
  /** Most jitter before another try. */
  readonly jitterMs: number
}

export interface CommandLifeDeps {
  readonly store: Pick<StoreWriter, 'put' | 'delete' | 'urgent'>
  readonly clock: Clock
  readonly random: () => number
  readonly newId: () => string
  readonly announcer: Announcer
  readonly reachability: Reachability
  readonly statusOf: (device: string) => Device['status']
  readonly emit: (event: NewEvent) => void
  readonly onCondition: (condition: TechnicalCondition) => void
  readonly book: CommandBook
}

export function createCommandLife(options: CommandLifeOptions, deps: CommandLifeDeps): CommandLife {
  const { clock, book } = deps

  function setTimer(output: Output, name: TimerName, { delayMs, then }: { delayMs: number; then: () => void }): void {
    stopTimers(output, name)
    output.timers.set(name, clock.after(Math.max(delayMs, 0), () => {
      output.timers.delete(name)
      then()
    }))
  }

  function stopTimers(output: Output, ...names: readonly TimerName[]): void {
    for (const name of names) {
      output.timers.get(name)?.()
      output.timers.delete(name)
    }
  }

  const canReach = (output: Output): boolean => deps.statusOf(output.device) !== 'offline' && deps.reachability.covered(commandTopic(output))
  const leftMs = ({ issuedAt, ttlMs }: LiveCommand): number => Date.parse(issuedAt) + ttlMs - clock.wall()

  function change(output: Output, command: LiveCommand, members: Partial<LiveCommand>): LiveCommand {
    const changed: LiveCommand = { ...command, ...members, changedAt: new Date(clock.wall()).toISOString() }
    output.live = isOver(changed.status) ? undefined : changed
    book.writeCommand(changed)
    return changed
  }

  function announce(command: LiveCommand): void {
    deps.emit({ type: `limen.command.${command.status}`, subject: command.device, data: publicCommand(command) })
  }

  function issue(output: Output, { value, cause, manner, safe }: Want): LiveCommand {
    withdrawAny(output, 'a newer command took its place')
    const number = book.nextNumber()
    const now = new Date(clock.wall()).toISOString()
    const command: LiveCommand = {
      id: deps.newId(), seq: ++output.seq, device: output.device, actuator: output.actuator, value, issuedAt: now, ttlMs: manner.ttlMs, cause,
      status: 'issued', reason: null, tries: 0, changedAt: now, number, manner, acceptedAtMs: null, safe,
    }
    output.wanted = { value, cause }
    output.owed = null
    output.live = command
    book.writeCommand(command)
    book.writeOutput(output)
    announce(command)
    setTimer(output, 'ttl', { delayMs: manner.ttlMs, then: () => outlived(output) })
    deps.store.urgent()
    return command
  }

  function withdrawAny(output: Output, reason: string): void {
    if (output.live !== undefined) finish(output, 'superseded', reason)
  }

  function send(output: Output): void {
    const command = output.live
    if (!isUndelivered(command)) return
    // A command older than its ttl is never delivered.
    if (leftMs(command) <= 0) return outlived(output)
    const sent = change(output, command, { status: 'sent', tries: command.tries + 1 })
    const { id, seq, value, issuedAt, ttlMs, cause } = sent
    deps.announcer.announce({
      topic: commandTopic(output),
      payload: JSON.stringify({ id, seq, value, issuedAt, ttlMs, cause }),
      qos: 1,
      retain: false,
      expiresAt: Date.parse(issuedAt) + ttlMs,
    })
    deps.store.urgent()
    setTimer(output, 'accept', { delayMs: options.acceptWithinMs, then: () => notAccepted(output) })
  }

  function notAccepted(output: Output): void {
    const command = output.live
    if (!isUndelivered(command)) return
    if (command.tries >= options.tries) return finish(output, 'failed', `not accepted after ${command.tries} tries`)
    setTimer(output, 'accept', { delayMs: deps.random() * options.jitterMs, then: () => {
      if (canReach(output)) send(output)
      else pause(output)
    } })
  }

  function outlived(output: Output): void {
    const command = output.live
    if (!isUndelivered(command)) return
    finish(output, 'expired', command.tries === 0 ? 'the device could not be reached within the ttl' : 'not accepted within the ttl')
  }

  function accepted(output: Output, command: LiveCommand, status: 'accepted' | 'executing'): void {
    if (command.status === status || command.status === 'executing') return
    const now = clock.wall()
    const first = command.acceptedAtMs === null
    stopTimers(output, 'accept', 'ttl')
    const changed = change(output, command, { status, acceptedAtMs: command.acceptedAtMs ?? now })
    if (!first) return
    announce(status === 'accepted' ? changed : { ...changed, status: 'accepted' })
    setTimer(output, 'done', { delayMs: changed.manner.doneWithinMs, then: () => finish(output, 'failed', `not done within ${changed.manner.doneWithinMs} ms`) })
  }

  function finish(output: Output, status: CommandStatus, reason: string | null): void {
    const command = output.live
    if (command === undefined) return
    stopTimers(output, 'accept', 'ttl', 'done')
    const ended = change(output, command, { status, reason })
    announce(ended)
    settle(output, ended)
    deps.store.urgent()
  }

  /** What the end of a command says of its output. */
  function settle(output: Output, { status, reason, value, cause, manner, safe }: LiveCommand): void {
    switch (status) {
      case 'done':
        return setFault(output, false, `${output.actuator} of ${output.device} does what it is told`)
      case 'failed':
      case 'rejected':
      case 'expired':
        output.owed = safe ? { value, cause, manner } : null
        book.writeOutput(output)
        return setFault(output, true, `command ${JSON.stringify(value)} to ${output.actuator} of ${output.device} ${status}: ${reason ?? 'no reason given'}`)
      case 'superseded':
      case 'issued':
      case 'sent':
      case 'accepted':
      case 'executing':
        return
      default:
        status satisfies never
    }
  }

  function setFault(output: Output, fault: boolean, message: string): void {
    if (!fault && !output.fault) return
    if (output.fault !== fault) {
      output.fault = fault
      book.writeOutput(output)
    }
    deps.onCondition({ rule: 'technical.command', key: `${output.device}.${output.actuator}`, device: output.device, active: fault, message })
  }

  /** A device that answers after its command was given up: what it says still counts, unless a newer one went out. */
  function late(output: Output, command: LiveCommand, status: string): void {
    if (status !== 'done' || command.seq !== output.seq || (command.status !== 'failed' && command.status !== 'expired')) return
    announce(change(output, command, { status: 'done', reason: 'answered late' }))
    setFault(output, false, `${output.actuator} of ${output.device} answered late`)
  }

  function pause(output: Output): void {
    stopTimers(output, 'accept')
  }

  return {
    issue, send, pause, finish, setTimer, stopTimers, canReach,
    acknowledged(output, command, { status, reason }) {
      if (output.live?.id !== command.id) return late(output, command, status)
      switch (status) {
        case 'accepted':
        case 'executing':
          return accepted(output, command, status)
        case 'done':
          // With `confirm: state` the device's word is not enough, but it has it.
          return command.manner.confirm === 'state' ? accepted(output, command, 'executing') : finish(output, 'done', reason)
        case 'rejected':
        case 'expired':
          return finish(output, status, reason ?? 'the device says so')
        default:
          status satisfies never
      }
    },
    reported(output, { value }) {
      const { live } = output
      // A state from before the command was sent says nothing about it.
      if (live === undefined || live.manner.confirm !== 'state' || live.status === 'issued') return
      if (sameValue(value, live.value)) finish(output, 'done', null)
    },
    withdraw(output, reason) {
      if (isUndelivered(output.live)) finish(output, 'superseded', reason)
    },
    resume(output) {
      const command = output.live
      if (command === undefined) return
      if (isUndelivered(command)) {
        if (leftMs(command) <= 0) return outlived(output)
        return setTimer(output, 'ttl', { delayMs: leftMs(command), then: () => outlived(output) })
      }
      const { doneWithinMs } = command.manner
      const leftToDo = (command.acceptedAtMs ?? clock.wall()) + doneWithinMs - clock.wall()
      setTimer(output, 'done', { delayMs: Math.min(leftToDo, doneWithinMs), then: () => finish(output, 'failed', `not done within ${doneWithinMs} ms`) })
    },
  }
}
