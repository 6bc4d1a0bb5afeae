import { duration } from '../../kernel/quantity-shape.ts'
import type { Problem } from '../../kernel/problem.ts'
import type { KindSchema, RuleAround } from '../../kernel/rule-kind.ts'
import type { Shape } from '../../kernel/shape.ts'
import { invalid, list, object, optional, record, refine, required } from '../../kernel/shape.ts'
import { eventType } from '../schema-on.ts'
import type { Comparison } from './comparison.schema.ts'
import { comparisonShape } from './comparison.schema.ts'
import { perDevice } from './joined.schema.ts'
import { parseWith } from './parse-with.ts'
import type { Term } from './signal-fields.ts'
import { readBeside, seriesOf, termShape } from './signal-fields.ts'

/** An event whose data meet all comparisons; by path. */
export interface EventTerm { readonly event: string; readonly where: Readonly<Record<string, Comparison>> }

/** One step. Negated: it must not happen before the next one, or before the time is up. */
export interface Step { readonly negated: boolean; readonly of: Term | EventTerm }

export interface SequenceSpec {
  /** At least two; the first is not negated. */
  readonly steps: readonly Step[]
  /** From the first step to the last, or to the end of time for negated ones there. */
  readonly withinMs: number
  /** How long it is active; undefined: as `within`, or where it ends with a negated step until that happens. */
  readonly cooldownMs: number | undefined
}

/** The steps of a message are bits of one number. */
const mostSteps = 16

/** `{ state: open }`, `{ "door.angle": { gt: 30 } }` */
const member: Shape<Comparison> = {
  expected: 'a value or a comparison',
  example: 'open',
  read: (node, path, problems) => (node.kind === 'map' ? comparisonShape : equal).read(node, path, problems),
}
const equal: Shape<Comparison> = {
  expected: 'a value',
  example: 'open',
  read: (node, path, problems) => comparisonShape.read({ kind: 'map', place: node.place, entries: [{ key: 'eq', place: node.place, value: node }] }, path, problems),
}

const eventTerm = refine(
  object({ event: required(eventType), where: optional(record(member, { expected: 'members of its data', example: '{ state: open }' })) }, { expected: 'an event', example: '{ event: door.opened }' }),
  ({ event, where }): EventTerm => ({ event, where: Object.fromEntries(where ?? []) }),
)

const plain: Shape<Term | EventTerm> = {
  expected: 'a step',
  example: '{ metric: impact, eq: true }',
  read: (node, path, problems) => (node.kind === 'map' && node.entries.some(({ key }) => key === 'event') ? eventTerm : termShape).read(node, path, problems),
}

const negated = refine(object({ not: required(plain) }, { expected: 'a step', example: '{ not: { metric: moving, eq: true } }' }), ({ not }): Step => ({ negated: true, of: not }))

const step: Shape<Step> = {
  expected: 'steps',
  example: '{ metric: impact, eq: true }',
  read(node, path, problems) {
    if (node.kind === 'map' && node.entries.some(({ key }) => key === 'not')) return negated.read(node, path, problems)
    const of = plain.read(node, path, problems)
    return of === invalid ? invalid : { negated: false, of }
  },
}

const steps = refine(list(step), (value, at) => {
  const example = 'write e.g. [{ metric: impact, eq: true }, { not: { metric: moving, eq: true } }]'
  if (value.length < 2) return at.refuse(value.length === 0 ? 'a sequence without steps' : 'a sequence of one step', value.length === 0 ? example : 'write a second step, or use level')
  if (value.length > mostSteps) return at.refuse(`${value.length} steps are more than ${mostSteps}`, 'leave some out')
  if (value[0]!.negated) return at.refuse('the first step cannot be negated: nothing would begin the sequence', example)
  return value
})

const besideFields = { within: required(duration({ min: '1ms', max: '7d', example: '20s' })), cooldown: optional(duration({ min: '1ms', max: '31d', example: '5min' })) } as const

/** `sequence: [{ metric: impact, eq: true }, { not: { metric: moving, eq: true } }], within: 20s`: one after the other. */
export const sequenceSchema: KindSchema<SequenceSpec> = {
  name: 'sequence',
  shortForms: [],
  siblings: ['within', 'cooldown'],
  example: 'sequence: [{ metric: impact, eq: true }, { not: { metric: moving, eq: true } }], within: 20s',
  parse(node, context) {
    const read = parseWith(steps, node, context.path)
    const problems: Problem[] = read.ok ? [] : [...read.problems]
    const beside = readBeside(besideFields, context, problems)
    if (!read.ok || beside === invalid || problems.length > 0) return { ok: false, problems }
    return { ok: true, spec: { steps: read.spec, withinMs: beside.within, cooldownMs: beside.cooldown } }
  },
  levels: () => [],
  allowsFor: false,
  needsOneOf: [],
  defaultMessage: '{rule} on {device}',
  hears: ['readings', 'events'],
  defaultKey: (spec) => (perDevice('sequence', { terms: termsOf(spec) }, { on: {}, key: 'device' }).length > 0 && allReadings(spec) ? 'rule' : 'device'),
  compares: (spec, on) => termsOf(spec).map((term) => ({ on: seriesOf(term.on, on) })),
  together(spec, rule) {
    const nameless = termsOf(spec).findIndex(({ on }) => on.metric === undefined)
    if (nameless !== -1 && rule.on.metric === undefined) return [{ at: 'kind', message: 'a step names no metric, and "on" names none either', remedy: 'write the metric, e.g. { metric: impact, eq: true }' }]
    return allReadings(spec) ? perDevice('sequence', { terms: termsOf(spec) }, rule) : unheard(spec, rule)
  },
}

function termsOf({ steps: given }: SequenceSpec): readonly Term[] {
  return given.flatMap(({ of }) => ('event' in of ? [] : [of]))
}

function allReadings(spec: SequenceSpec): boolean {
  return termsOf(spec).length === spec.steps.length
}

/** What is kept per card has no readings. */
function unheard(spec: SequenceSpec, { key }: RuleAround): ReturnType<NonNullable<KindSchema['together']>> {
  return key.startsWith('data.') && termsOf(spec).length > 0
    ? [{ at: 'key', message: `"${key}" is part of events, and a step is about a reading`, remedy: 'write key: device, rule or label.NAME' }]
    : []
}
