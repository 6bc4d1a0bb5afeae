import type { Value } from '../../kernel/reading.ts'
import type { JointCondition, Kind, Moment, Signal } from '../kind.ts'
import { normal, plainLevels } from '../kind.ts'
import type { Watermark } from '../watermark.ts'
import { advance, keyTime, latenessMs, reachesAt, watermarkOf } from '../watermark.ts'
import { compileComparison } from './comparison.schema.ts'
import type { Happening, Plan, Run } from './sequence-run.ts'
import { copyRun, createRun, dueOf, newestOf, planOf, shiftRun, step } from './sequence-run.ts'
import type { EventTerm, SequenceSpec } from './sequence.schema.ts'
import { signalOf } from './signal-fields.ts'

interface SequenceMemory {
  /** Steps that the message being taken meets, and its time. */
  steps: number
  time: number
  messages: number
  /** Some reading came with its device's own time: others may come late. Until then what came is all there is, and nothing waits for more. */
  mayBeLate: boolean
  /** What others may still come before, in order of time. */
  readonly ahead: Happening[]
  /** Up to the watermark, or to the newest where nothing comes late. */
  run: Run
  /** The last happening that completed the sequence: none does so twice. */
  completed: { time: number; n: number } | null
  /** When the time is up, if nothing comes, for what only waits for its end: monotonic; Infinity: nothing waits. */
  dueAt: number
  /** The beginning that is of. */
  dueOf: number | null
  /** Monotonic: it is active until then; Infinity: until a negated step at the end happens. */
  until: number
  /** The gateway was down, alive until then: time stands still until the first sample. */
  frozen: { at: number; wallMs: number } | null
}

/** More than so many happenings within the lateness are not kept in order: the oldest count as settled. */
const mostAhead = 1_000

/**
 * One step after the other, in the order of event times. Completed by a step it fires at once, and again if something that comes
 * late completes it too; where it ends with negated steps it fires when the time is up: by the watermark where inputs may come late.
 */
export const sequence: Kind = {
  name: 'sequence',
  compile(rule): JointCondition<SequenceMemory> {
    const spec = rule.when.spec as SequenceSpec
    const plan = planOf(spec)
    const { signals, events, meets, hears } = inputsOf(spec, rule.on)
    const momentMs = spec.cooldownMs ?? spec.withinMs
    const activeMs = spec.cooldownMs ?? (plan.ending === 0 ? spec.withinMs : Infinity)

    /** Goes on to the watermark, or to the end that is due. */
    function settle(memory: SequenceMemory, mark: Watermark, at: number): void {
      const { ahead, run } = memory
      // While time stands still the watermark moves with a clock that is set, and what is remembered does not.
      if (memory.frozen !== null) return
      const isDue = memory.dueAt <= at
      // Only what waits for its end asks whether anything may be late: nothing else is delayed by waiting.
      const certain = memory.mayBeLate || plan.ending === 0 ? watermarkOf(mark) : keyTime(mark)
      const settled = isDue ? Math.max(certain, dueOf(run, plan)) : certain
      while (ahead.length > 0 && (ahead[0]!.time <= settled || ahead.length > mostAhead)) {
        const next = ahead[0]!
        if (dueOf(run, plan) < next.time) memory.until = endOfTime(memory, at)
        if (step(run, plan, next)) complete(memory, next, at)
        ahead.shift()
      }
      if (dueOf(run, plan) <= settled) memory.until = endOfTime(memory, at)
    }

    function endOfTime({ run, ahead, ...memory }: SequenceMemory, at: number): number {
      // What was waited for may have come after the end, before it was certain that it was one.
      const came = ahead.some(({ time, steps }) => (steps & plan.ending) !== 0 && time > dueOf(run, plan))
      run.pending = null
      return Math.max(memory.until, at + (came ? momentMs : activeMs))
    }

    function complete(memory: SequenceMemory, { time, n }: Happening, at: number): void {
      const { completed } = memory
      if (completed !== null && (time < completed.time || (time === completed.time && n <= completed.n))) return
      memory.completed = { time, n }
      memory.until = Math.max(memory.until, at + activeMs)
    }

    /** What is complete already, as far as is known: nobody is to wait for what might come late. */
    function lookAhead(memory: SequenceMemory, at: number): void {
      if (memory.ahead.length === 0 || plan.ending !== 0) return
      const run = copyRun(memory.run)
      for (const next of memory.ahead) if (step(run, plan, next)) complete(memory, next, at)
    }

    /** When time alone changes something. */
    function nextLook({ run, ahead, until, dueAt, frozen }: SequenceMemory, mark: Watermark, at: number): number {
      const ends = until > at ? until : Infinity
      // Time stands still, and nothing is forgotten.
      if (frozen !== null) return ends
      const settles = plan.ending === 0 || ahead.length === 0 ? Infinity : reachesAt(mark, ahead[0]!.time)
      const newest = Math.max(newestOf(run), ahead.at(-1)?.time ?? -Infinity)
      const forgets = newest === -Infinity || run.pending !== null ? Infinity : reachesAt(mark, newest + plan.withinMs) + 1
      return Math.max(at, Math.min(ends, settles, dueAt, forgets))
    }

    return {
      ...plainLevels,
      form: 'joint',
      order: 'watermark',
      startsOver: true,
      signals,
      events,
      create: () => ({ steps: 0, time: 0, messages: 0, mayBeLate: false, ahead: [], run: createRun(plan), completed: null, dueAt: Infinity, dueOf: null, until: -Infinity, frozen: null }),
      // oxlint-disable-next-line max-params -- called for every reading: no object is made for it.
      take(reading, signal, { memory }, moment) {
        if (reading.quality !== 'good') return
        thaw(memory, moment)
        if (reading.tsGiven && !memory.mayBeLate) expectLate(memory)
        if (meets[signal]!.holds(reading.value) === true) note(memory, meets[signal]!.step, moment)
      },
      // oxlint-disable-next-line max-params
      takeEvent({ data }, signal, { memory }, moment) {
        thaw(memory, moment)
        const { holds, step: bit } = hears[signal - signals.length]!
        if (holds(data)) note(memory, bit, moment)
      },
      judge(cell, moment) {
        const { memory } = cell
        const { at } = moment
        const mark = cell.watermark!
        if (memory.steps !== 0) {
          const happening = { time: memory.time, n: ++memory.messages, steps: memory.steps }
          memory.steps = 0
          insert(memory.ahead, happening)
          // What was missed has happened.
          if ((happening.steps & plan.ending) !== 0 && memory.until > at) memory.until = at
        } else if (memory.frozen === null && at >= nextLook(memory, mark, at)) advance(mark, at)
        settle(memory, mark, at)
        lookAhead(memory, at)
        if (memory.run.pending !== memory.dueOf) {
          memory.dueOf = memory.run.pending
          memory.dueAt = memory.dueOf === null ? Infinity : reachesAt(mark, dueOf(memory.run, plan)) - (memory.mayBeLate ? 0 : latenessMs)
        }
        if (memory.frozen === null && isOver(memory, mark, plan)) memory.run = createRun(plan)
        cell.deadline = nextLook(memory, mark, at)
        return at < memory.until ? 1 : normal
      },
      resume(memory, { at, wallMs }) {
        if (isUnderWay(memory)) memory.frozen ??= { at, wallMs }
      },
      // That moves no timer. While time stands still the first sample makes good for it.
      clockSet(memory, byMs) {
        if (memory.frozen === null) shift(memory, byMs)
      },
      keeps: isUnderWay,
      stays(cell, at) {
        cell.memory.until = at + activeMs
        cell.deadline = cell.memory.until
      },
      limitOf: () => null,
    }
  },
}

function note(memory: SequenceMemory, bit: number, { time }: Moment): void {
  memory.steps |= bit
  memory.time = time
}

/** From now on what waits for its end waits for the watermark. */
function expectLate(memory: SequenceMemory): void {
  memory.mayBeLate = true
  memory.dueOf = null
}

/** The first sample after the gateway was down: what ran goes on from here. */
function thaw(memory: SequenceMemory, { at, wallMs }: Moment): void {
  const { frozen } = memory
  if (frozen === null) return
  memory.frozen = null
  shift(memory, wallMs - frozen.wallMs)
  memory.dueAt += at - frozen.at
}

function shift(memory: SequenceMemory, byMs: number): void {
  shiftRun(memory.run, byMs)
  for (const [i, { time, ...rest }] of memory.ahead.entries()) memory.ahead[i] = { ...rest, time: time + byMs }
  if (memory.completed !== null) memory.completed.time += byMs
  memory.dueOf = memory.run.pending
}

/** Does it remember anything that a step to come could go on from? */
function isUnderWay({ run, ahead }: SequenceMemory): boolean {
  return ahead.length > 0 || newestOf(run) !== -Infinity
}

/** Too old to be completed by anything that is still in time. */
function isOver({ run, ahead }: SequenceMemory, mark: Watermark, { withinMs }: Plan): boolean {
  const newest = newestOf(run)
  return newest !== -Infinity && ahead.length === 0 && run.pending === null && newest + withinMs < watermarkOf(mark)
}

function insert(ahead: Happening[], happening: Happening): void {
  let i = ahead.length
  while (i > 0 && ahead[i - 1]!.time > happening.time) i--
  ahead.splice(i, 0, happening)
}

interface Meeting { readonly step: number; readonly holds: (value: Value) => boolean | undefined }
interface Hearing { readonly step: number; readonly holds: (data: unknown) => boolean }

function inputsOf({ steps }: SequenceSpec, on: Parameters<typeof signalOf>[1]): { signals: Signal[]; events: string[]; meets: Meeting[]; hears: Hearing[] } {
  const signals: Signal[] = []
  const events: string[] = []
  const meets: Meeting[] = []
  const hears: Hearing[] = []
  for (const [i, { of }] of steps.entries()) {
    if ('event' in of) {
      events.push(of.event)
      hears.push({ step: 1 << i, holds: whereOf(of) })
    } else {
      signals.push(signalOf(of.on, on))
      meets.push({ step: 1 << i, holds: compileComparison(of.is) })
    }
  }
  return { signals, events, meets, hears }
}

function whereOf({ where }: EventTerm): (data: unknown) => boolean {
  const members = Object.entries(where).map(([path, is]) => ({ path: path.split('.'), holds: compileComparison(is) }))
  return (data) => members.every(({ path, holds }) => holds(memberOf(data, path)) === true)
}

function memberOf(data: unknown, path: readonly string[]): Value {
  let value = data
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
    value = (value as Record<string, unknown>)[name]
  }
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean' ? value : null
}
