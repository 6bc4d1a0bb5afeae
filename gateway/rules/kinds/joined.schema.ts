import type { KindSchema, Misfit, RuleAround } from '../../kernel/rule-kind.ts'
import { invalid, list, refine } from '../../kernel/shape.ts'
import { isGlob } from '../../kernel/glob.ts'
import { canonicalJson } from '../load-version.ts'
import type { Comparison } from './comparison.schema.ts'
import { parseWith } from './parse-with.ts'
import type { Term } from './signal-fields.ts'
import { maxAgeField, namesDevices, readBeside, seriesOf, termShape } from './signal-fields.ts'

export interface JoinedSpec {
  /** At least one. */
  readonly terms: readonly Term[]
  /** Older values are unknown; undefined: as long as the series' values stand. */
  readonly maxAgeMs: number | undefined
}

const mostTerms = 64

const terms = refine(list(termShape), (value, at) => {
  if (value.length === 0) return at.refuse('a list without any condition', 'write e.g. [{ metric: hr, gt: 120 }, { metric: sbp, lt: 90 }]')
  return value.length > mostTerms ? at.refuse(`${value.length} conditions are more than ${mostTerms}`, 'make several rules of it') : value
})

/** `all: [{ metric: hr, gt: 120 }, { metric: sbp, lt: 90 }], maxAge: 60s`, and the same with `any`. */
export function joinedSchema(name: 'all' | 'any'): KindSchema<JoinedSpec> {
  return {
    name,
    shortForms: [],
    siblings: ['maxAge'],
    example: `${name}: [{ metric: hr, gt: 120 }, { metric: sbp, lt: 90 }]`,
    parse(node, context) {
      const read = parseWith(terms, node, context.path)
      const problems = read.ok ? [] : [...read.problems]
      const beside = readBeside({ maxAge: maxAgeField }, context, problems)
      if (!read.ok || beside === invalid || problems.length > 0) return { ok: false, problems }
      return { ok: true, spec: { terms: read.spec, maxAgeMs: beside.maxAge } }
    },
    levels: () => [],
    allowsFor: true,
    needsOneOf: [],
    defaultMessage: '{rule}: {value}',
    defaultKey: (spec) => (spec.terms.every(({ on }) => namesDevices(on)) ? 'rule' : 'device'),
    compares: (spec, on) => spec.terms.map((term) => ({ on: seriesOf(term.on, on) })),
    together: (spec, rule) => [...nameless(spec, rule), ...perDevice(name, spec, rule), ...(name === 'all' ? impossible(spec, rule) : [])],
  }
}

function nameless({ terms: given }: JoinedSpec, { on }: RuleAround): Misfit[] {
  const which = given.findIndex((term) => term.on.metric === undefined)
  return which === -1 || on.metric !== undefined ? [] : [{ at: 'kind', message: `condition ${which + 1} names no metric, and "on" names none either`, remedy: 'write the metric, e.g. { metric: hr, gt: 120 }' }]
}

/** One alarm a device, where every condition is about devices of its own: of whom? */
export function perDevice(name: string, { terms: given }: { terms: readonly { readonly on: Term['on'] }[] }, { key }: RuleAround): Misfit[] {
  return key === 'device' && given.every(({ on }) => namesDevices(on))
    ? [{ at: 'key', message: `${name} looks at the same devices for every alarm, so there can only be one`, remedy: 'write key: rule, or leave key out' }]
    : []
}

/** Two conditions on the same series that no value meets. */
function impossible({ terms: given }: JoinedSpec, { on, key }: RuleAround): Misfit[] {
  if (key !== 'device') return []
  for (const [i, first] of given.entries()) {
    const metric = first.on.metric ?? on.metric
    if (namesDevices(first.on) || metric === undefined || isGlob(metric)) continue
    const second = given.findIndex((other, j) => j > i && canonicalJson({ ...other.on, metric: other.on.metric ?? on.metric }) === canonicalJson({ ...first.on, metric }) && excludes(first.is, other.is))
    if (second !== -1) return [{ at: 'kind', message: `nothing meets both condition ${i + 1} and condition ${second + 1} on ${metric}`, remedy: 'use any where one of them is enough' }]
  }
  return []
}

function excludes(a: Comparison, b: Comparison): boolean {
  if (a.eq !== undefined && b.eq !== undefined && typeof a.eq === typeof b.eq && typeof a.eq !== 'string') return a.eq !== b.eq
  const low = Math.max(...[a, b].flatMap(({ gt = -Infinity, ge = -Infinity, between = [-Infinity, 0] }) => [gt, ge, between[0]]))
  const high = Math.min(...[a, b].flatMap(({ lt = Infinity, le = Infinity, between = [0, Infinity] }) => [lt, le, between[1]]))
  const open = [a, b].some(({ gt, lt }) => gt === low || lt === high)
  return low > high || (low === high && open)
}
