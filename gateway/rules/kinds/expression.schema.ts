import type { Problem } from '../../kernel/problem.ts'
import type { KindSchema } from '../../kernel/rule-kind.ts'
import { invalid, text } from '../../kernel/shape.ts'
import { cel } from './cel.ts'
import type { CelResult } from './cel.ts'
import type { CelSubject } from './cel-walk.ts'
import { parseWith } from './parse-with.ts'
import { maxAgeField, readBeside } from './signal-fields.ts'

export interface ExpressionSpec {
  /** As it is written; it has been checked. */
  readonly text: string
  /** Older values are missing; of an event: how long what it said stands. Undefined: as long as the series' values stand; for ever. */
  readonly maxAgeMs: number | undefined
}

const shape = text({ expected: 'an expression', example: '"value > limit * 1.2 && labels.wing == \'east\'"', check: (written) => written.trim() !== '' })

let newest: { readonly written: string; readonly subject: CelSubject; readonly result: CelResult } | undefined

/** What is asked of a rule is asked one after the other: its expression is compiled once for all of it. */
function compiled(written: string, subject: CelSubject): CelResult {
  if (newest?.written !== written || newest.subject !== subject) newest = { written, subject, result: cel.compile(written, subject) }
  return newest.result
}

/** `expression: "value > limit * 1.2 && labels.wing == 'east'"`, in CEL. */
export const expressionSchema: KindSchema<ExpressionSpec> = {
  name: 'expression',
  shortForms: [],
  siblings: ['maxAge'],
  example: 'expression: "value > limit * 1.2"',
  parse(node, context) {
    const read = parseWith(shape, node, context.path)
    const problems: Problem[] = read.ok ? [] : [...read.problems]
    const beside = readBeside({ maxAge: maxAgeField }, context, problems)
    if (!read.ok || beside === invalid || problems.length > 0) return { ok: false, problems }
    return { ok: true, spec: { text: read.spec, maxAgeMs: beside.maxAge } }
  },
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  hears: ['readings', 'events'],
  defaultMessage: '{rule}: {value}{unit} on {device}',
  compares({ text: written }, on) {
    if (on.event !== undefined) return []
    const result = compiled(written, 'readings')
    if (!result.ok) return []
    const { uses } = result.expression
    return [...(uses.subject ? [{ on }] : []), ...uses.metrics.map((metric) => ({ on: { ...on, metric } }))]
  },
  // What may stand in it depends on what is heard.
  together({ text: written }, { on }) {
    const result = compiled(written, on.event === undefined ? 'readings' : 'events')
    if (!result.ok) return result.problems.map((problem) => ({ at: 'kind' as const, ...problem }))
    const { uses } = result.expression
    if (on.event !== undefined || uses.subject || uses.metrics.length > 0 || on.metric !== undefined) return []
    return [{ at: 'kind', message: 'this expression asks for no reading: nothing would ever evaluate it', remedy: 'use value or metrics.NAME, or write a metric in "on"' }]
  },
}
