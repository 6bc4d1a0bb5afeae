import type { ActuatorSpec, Value } from './device.ts'
import { uniform } from './random.ts'

/** One answer on `devices/{device}/{actuator}/ack`, so long after the command came. */
export interface Answer {
  readonly afterMs: number
  readonly id: string
  readonly status: 'accepted' | 'executing' | 'done' | 'rejected' | 'expired'
  readonly reason?: string
  /** With `done`: the state that the device then has and reports. */
  readonly value?: Value
}

/** How badly actuators behave: shares of the commands, 0 to 1. */
export interface Manners { readonly seed: number; readonly slowShare: number; readonly rejectShare: number }

export interface Actuator {
  /** What to answer to a command, and when. An unreadable one gets no answer: there is no id to answer to. */
  take(payload: string, wallMs: number): readonly Answer[] | 'unreadable'
}

interface Command { readonly id: string; readonly seq: number; readonly value: Value; readonly issuedAtMs: number; readonly ttlMs: number }

/** Ids remembered to know a command that comes twice. */
const remembered = 100

/** Answers as a careful device does: a repeated id is answered again and not done again, an old or late command is refused. */
export function createActuator(spec: ActuatorSpec, device: string, manners: Manners): Actuator {
  const seen = new Map<string, Answer>()
  let newest: Command | undefined

  function decide(command: Command, wallMs: number): readonly Answer[] {
    const { id } = command
    const refuse = (status: 'rejected' | 'expired', reason: string): readonly Answer[] => [{ afterMs: 20, id, status, reason }]
    if (wallMs > command.issuedAtMs + command.ttlMs) return refuse('expired', `older than its ${command.ttlMs} ms`)
    if (newest !== undefined && command.seq < newest.seq && command.issuedAtMs <= newest.issuedAtMs) return refuse('rejected', `older than command ${newest.seq}`)
    const value = accepted(spec, command.value)
    if (value === undefined) return refuse('rejected', spec.kind === 'switch' ? 'takes on, off, true or false' : 'takes a number')
    const chance = (what: string): number => uniform(manners.seed, `${device}/${spec.name}:${what}:${id}`)
    if (chance('reject') < manners.rejectShare) return refuse('rejected', 'jammed (simulated)')
    newest = command
    const slow = chance('slow') < manners.slowShare
    const acceptMs = slow ? 1_200 : 30 + 60 * chance('accept')
    const doneMs = acceptMs + spec.takesMs * (slow ? 4 : 1)
    return [
      { afterMs: acceptMs, id, status: 'accepted' },
      ...(slow ? [{ afterMs: acceptMs + 200, id, status: 'executing' as const }] : []),
      { afterMs: doneMs, id, status: 'done', value },
    ]
  }

  return {
    take(payload, wallMs) {
      const command = readCommand(payload)
      if (command === undefined) return 'unreadable'
      const known = seen.get(command.id)
      if (known !== undefined) return [{ ...known, afterMs: 20 }]
      const answers = decide(command, wallMs)
      seen.set(command.id, answers.at(-1)!)
      if (seen.size > remembered) seen.delete(seen.keys().next().value!)
      return answers
    },
  }
}

function accepted(spec: ActuatorSpec, value: Value): Value | undefined {
  if (spec.kind === 'number') return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  const word = typeof value === 'string' ? value.toLowerCase() : value
  if (word === true || word === 'on' || word === 1) return 'on'
  if (word === false || word === 'off' || word === 0) return 'off'
  // a lamp shows colours, too
  return typeof value === 'string' && /^[a-z]{1,20}$/i.test(value) ? value : undefined
}

function readCommand(payload: string): Command | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(payload)
  } catch {
    return undefined // not JSON: counted as an error by the caller
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const { id, seq, value, issuedAt, ttlMs } = parsed as Record<string, unknown>
  if (typeof id !== 'string' || typeof seq !== 'number' || typeof ttlMs !== 'number') return undefined
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined
  const issuedAtMs = typeof issuedAt === 'number' ? issuedAt : Date.parse(String(issuedAt))
  return Number.isFinite(issuedAtMs) ? { id, seq, value, issuedAtMs, ttlMs } : undefined
}
