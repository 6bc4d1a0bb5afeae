/** The keys of a rule (rules-and-alarms.md "A rule"), their forms and defaults. */
import { duration } from '../kernel/quantity-shape.ts'
import type { KindTable } from '../kernel/rule-kind.ts'
import { boolean, clip, notInThisVersion, oneOf, optional, refine, required, text } from '../kernel/shape.ts'
import { templateNames } from '../kernel/template.ts'
import type { Zones } from '../kernel/zone.ts'
import { selectorShape } from './schema-on.ts'
import { priorityShape } from './schema-priority.ts'
import { templateShape } from './schema-template.ts'
import { thenShape } from './schema-then.ts'
import { whenShape } from './schema-when.ts'

export interface RuleSchemaDeps {
  readonly kinds: KindTable
  /** Names of the targets there are. */
  readonly targets: ReadonlySet<string>
  /** Zones that may be named; looked at when a rule is read. */
  readonly zones?: Zones | undefined
}

/** Where the rule stands, for Rule.source; the path for problems. */
export interface RuleOrigin { readonly file: string; readonly path: string }

const id = text({ expected: 'an id without spaces, of at most 128 characters', example: 'spo2-low', check: (written) => /^[^\s\p{C}]{1,128}$/u.test(written) })

const key = refine(text({ expected: 'device, rule, label.NAME or data.PATH', example: 'device', check: (written) => written.length <= 256 }), (written, at) => {
  if (written === 'device' || written === 'rule' || /^label\.[^\s\p{C}]+$/u.test(written) || /^data(\.[^\s\p{C}.]+)+$/u.test(written)) return written
  return at.refuse(`expected device, rule, label.NAME or data.PATH, found "${clip(written)}"`, 'write key: device (one alarm per device), key: rule (one for all), key: label.ward, or of events key: data.card')
})

/** Everything a process rule may say; `mode`, `message` and so on a technical one too. */
export function ruleFields({ kinds, targets, zones }: RuleSchemaDeps) {
  return {
    id: required(id),
    on: required(selectorShape),
    when: required(whenShape(kinds, zones)),
    for: optional(duration({ example: '10s' }), 0),
    clearFor: optional(duration({ example: '10s' }), 0),
    stale: optional(duration({ min: '1ms', example: '30s' })),
    while: notInThisVersion('"while"'),
    priority: optional(priorityShape),
    latch: optional(boolean, false),
    realarm: notInThisVersion('"realarm"'),
    escalate: notInThisVersion('"escalate"'),
    ack: optional(oneOf('required', 'auto')),
    key: optional(key),
    message: optional(templateShape({ expected: 'a text', example: '"{metric} {value}{unit} on {device}"', names: templateNames })),
    then: optional(thenShape(targets), []),
    mode: optional(oneOf('live', 'shadow', 'off'), 'live'),
  } as const
}
