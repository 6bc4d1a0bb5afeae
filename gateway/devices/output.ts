import type { Cancel } from '../kernel/clock.ts'
import type { Command, CommandStatus } from '../kernel/device-contracts.ts'
import type { Value } from '../kernel/reading.ts'
import type { Claim, Manner } from './claims.ts'

/** A command and what is needed to bring it to its end. On disk: space `command`, key `cmd/<number>`. */
export interface LiveCommand extends Command {
  readonly number: number
  readonly manner: Manner
  /** Wall time (ms) of the acceptance; null before. */
  readonly acceptedAtMs: number | null
  /** Sends the safe value of a claim that was given back: to be made good on a reconnect although no alarm wants it any more. */
  readonly safe: boolean
}

/** One actuator of one device. */
export interface Output {
  readonly key: string
  readonly device: string
  readonly actuator: string
  /** Of the last command; rises for ever. */
  seq: number
  readonly claims: Map<string, Claim>
  /** What was last commanded; null: nothing that still counts. */
  wanted: { readonly value: Value; readonly cause: string } | null
  /** The last command failed, and nothing has been done since. */
  fault: boolean
  /** A safe value that never arrived. */
  owed: { readonly value: Value; readonly cause: string; readonly manner: Manner } | null

  /* Not on disk. */
  live: LiveCommand | undefined
  /** Undefined: nobody has looked. */
  reachable: boolean | undefined
  /** Back, and waiting for the device to report its state before anything is commanded. */
  returning: boolean
  readonly timers: Map<TimerName, Cancel>
}

export type TimerName = 'accept' | 'ttl' | 'done' | 'return' | 'override'

/** What is on disk of an output: key `out/<device>/<actuator>`. */
export type StoredOutput = Pick<Output, 'seq' | 'wanted' | 'fault' | 'owed'> & { readonly claims: readonly Claim[] }

/** Neither name holds a slash. */
export function outputKey(device: string, actuator: string): string {
  return `${device}/${actuator}`
}

export function createOutput(key: string, stored?: StoredOutput): Output {
  const slash = key.indexOf('/')
  return {
    key,
    device: key.slice(0, slash),
    actuator: key.slice(slash + 1),
    seq: stored?.seq ?? 0,
    claims: new Map((stored?.claims ?? []).map((claim) => [claimKey(claim), claim])),
    wanted: stored?.wanted ?? null,
    fault: stored?.fault ?? false,
    owed: stored?.owed ?? null,
    live: undefined,
    reachable: undefined,
    returning: false,
    timers: new Map(),
  }
}

export function storedOutput({ seq, wanted, fault, owed, claims }: Output): StoredOutput {
  return { seq, wanted, fault, owed, claims: [...claims.values()] }
}

/** One manual claim an output, whoever makes it; one an alarm. (`=` is in no alarm id.) */
export function claimKey({ kind, cause }: Pick<Claim, 'kind' | 'cause'>): string {
  return kind === 'manual' ? '=manual' : cause
}

export function commandTopic({ device, actuator }: Pick<Output, 'device' | 'actuator'>): string {
  return `devices/${device}/${actuator}/set`
}

/** Nothing follows any more. */
export function isOver(status: CommandStatus): boolean {
  switch (status) {
    case 'issued':
    case 'sent':
    case 'accepted':
    case 'executing':
      return false
    case 'done':
    case 'rejected':
    case 'expired':
    case 'failed':
    case 'superseded':
      return true
    default:
      return status satisfies never
  }
}

/** Not yet known to have reached the device. */
export function isUndelivered(command: LiveCommand | undefined): command is LiveCommand & { readonly status: 'issued' | 'sent' } {
  return command?.status === 'issued' || command?.status === 'sent'
}

/** As the API and the events show it. */
export function publicCommand({ number: _number, manner: _manner, acceptedAtMs: _acceptedAtMs, safe: _safe, ...command }: LiveCommand): Command {
  return command
}
