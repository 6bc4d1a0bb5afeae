/** The keys of a rule (rules-and-alarms.md "A rule"), their forms and defaults. */
import type { ConfiguredDevice } from '../kernel/configured-devices.ts'
import { duration } from '../kernel/quantity-shape.ts'
import type { KindTable, TableBook } from '../kernel/rule-kind.ts'
import { boolean, clip, list, oneOf, optional, refine, required, text } from '../kernel/shape.ts'
import { templateNames } from '../kernel/template.ts'
import { unitShape } from '../kernel/unit-shape.ts'
import type { Zones } from '../kernel/zone.ts'
import { selectorShape } from './schema-on.ts'
import { priorityShape } from './schema-priority.ts'
import { templateShape } from './schema-template.ts'
import { thenShape } from './schema-then.ts'
import { whenShape } from './schema-when.ts'
import { whileShape } from './schema-while.ts'

export interface RuleSchemaDeps {
  readonly kinds: KindTable
  /** Names of the targets there are. */
  readonly targets: ReadonlySet<string>
  /** Score tables that rules may name; left out: those that come with Limen. */
  readonly tables?: TableBook | undefined
  /** Zones that rules may name. */
  readonly zones?: Zones | undefined
  /** What the configuration says of devices, by id or pattern; left out: nothing is known of any. */
  readonly devices?: ReadonlyMap<string, ConfiguredDevice> | undefined
}

/** Where the rule stands, for Rule.source; the path for problems. */
export interface RuleOrigin { readonly file: string; readonly path: string }

/** Dots alone would lead elsewhere in the address of a rule. */
const id = text({ expected: 'an id without spaces, of at most 128 characters', example: 'spo2-low', check: (written) => /^(?!\.{1,2}$)[^\s\p{C}]{1,128}$/u.test(written) })

/** What stands together with `on` is looked at in schema.ts. */
const key = refine(text({ expected: 'device, rule, label.NAME or data.PATH', example: 'device' }), (written, at) => {
  const [first = ''] = written.split('.', 1)
  const rest = written.slice(first.length + 1)
  if (written === 'device' || written === 'rule') return written
  if (first === 'label' && rest.trim() !== '' && rest.length <= 128) return written
  if (first === 'data' && /^[^.\s]+(\.[^.\s]+)*$/.test(rest) && rest.length <= 256) return written
  if (first === 'label') return at.refuse('"label" needs the name of a label', 'write e.g. key: label.ward')
  if (first === 'data') return at.refuse(`"${clip(written)}" leads to nothing in an event's data`, 'write the members from the outermost in, with dots between, e.g. key: data.card')
  return at.refuse(`expected device, rule, label.NAME or data.PATH, found "${clip(written)}"`, 'write key: device (one alarm per device), rule (one for all), label.ward (one per ward) or, for events, data.card')
})

/** Each step is counted from the announcement, not from the step before it. */
const escalateShape = refine(list(duration({ min: '1ms', example: '2min' })), (steps, at) => {
  const late = steps.findIndex((step, i) => i > 0 && step <= steps[i - 1]!)
  if (late === -1) return steps
  return at.refuse(`step ${late + 1} does not come after step ${late}`, 'write the times rising, each from the announcement on, e.g. escalate: [2min, 5min]')
})

/** Everything a process rule may say; `mode`, `message` and so on a technical one too. */
export function ruleFields({ kinds, targets, tables, zones }: RuleSchemaDeps) {
  return {
    id: required(id),
    on: required(selectorShape),
    when: required(whenShape(kinds, { tables, zones })),
    for: optional(duration({ example: '10s' }), 0),
    clearFor: optional(duration({ example: '10s' }), 0),
    stale: optional(duration({ min: '1ms', example: '30s' })),
    while: optional(whileShape),
    unit: optional(unitShape),
    priority: optional(priorityShape),
    latch: optional(boolean, false),
    realarm: optional(duration({ min: '1ms', example: '1h' })),
    escalate: optional(escalateShape, []),
    ack: optional(oneOf('required', 'auto')),
    key: optional(key),
    message: optional(templateShape({ expected: 'a text', example: '"{metric} {value}{unit} on {device}"', names: templateNames })),
    then: optional(thenShape(targets), []),
    mode: optional(oneOf('live', 'shadow', 'off'), 'live'),
  } as const
}
