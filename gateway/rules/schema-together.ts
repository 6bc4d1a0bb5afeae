/** What of a rule's keys is right alone and not together. */
import type { MapNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Selector } from '../kernel/rule.ts'
import type { KindSchema, KindTable } from '../kernel/rule-kind.ts'
import type { Invalid } from '../kernel/shape.ts'
import { clip, invalid, placeIn, present, problemAt } from '../kernel/shape.ts'
import type { Condition } from './schema-when.ts'

/** Does the kind that is written name all its signals itself? Right or wrong, so that `on` is not missed where it need not be. */
export function mayLeaveOutOn(node: MapNode, kinds: KindTable): boolean {
  const when = present(node, 'when')?.value
  return when?.kind === 'map' && when.entries.some(({ key }) => Object.hasOwn(kinds, key) && kinds[key]!.onOptional === true)
}

export interface WrittenTogether {
  readonly when: Condition | Invalid
  /** Undefined: left out. */
  readonly on: Selector | undefined | Invalid
  readonly key: string | undefined | Invalid
  readonly for: number | Invalid
  readonly unit: string | undefined | Invalid
}

export interface TogetherContext {
  readonly kinds: KindTable
  readonly node: MapNode
  /** The place of a key's value, or that of the rule where it is left out. */
  readonly at: (name: string) => Parameters<typeof problemAt>[0]
  readonly problems: Problem[]
}

/** `on` and `key` as they hold; invalid where a problem was added. */
export function readTogether({ when, on: written, key, for: delayMs, unit }: WrittenTogether, { kinds, node, at, problems }: TogetherContext): { readonly on: Selector | Invalid; readonly key: string | Invalid } {
  const kind = when === invalid ? undefined : when.kind
  const refuse = (name: string, message: string, remedy: string): void => void problems.push(problemAt(at(name), message, remedy))
  const on = written ?? {}
  if (kind !== undefined && on !== invalid && written !== undefined) checkOn(kind, on, { kinds, refuse })
  if (kind !== undefined && !kind.allowsFor && delayMs !== invalid && delayMs > 0) {
    refuse('for', `"for" cannot stand beside ${kind.name}, which is a delay itself`, `leave "for" out; write the time in ${kind.example}`)
  }
  if (kind?.namesMetrics === true && typeof unit === 'string') refuse('unit', `${kind.name} says itself in which units its metrics are`, 'leave "unit" out')
  if (typeof key === 'string' && key.startsWith('data.') && on !== invalid && on.event === undefined) {
    refuse('key', `key: ${clip(key)} is about the data of an event, and this rule hears readings`, 'write device, rule or label.NAME, or on: { event: … }')
  }
  const keyOf = key ?? (when === invalid ? 'device' : (when.kind.defaultKey?.(when.spec) ?? 'device'))
  if (when !== invalid && on !== invalid && keyOf !== invalid) {
    for (const { at: part, offset, message, remedy } of when.kind.together?.(when.spec, { on, key: keyOf }) ?? []) {
      problems.push(problemAt(part === 'kind' ? within(node, { kind: when.kind.name, at, offset }) : at(part), message, remedy))
    }
  }
  return { on, key: keyOf }
}

/** The place of what stands under the kind's name; of a text on one line, that of one of its characters. */
function within(node: MapNode, { kind, at, offset = 0 }: { kind: string; at: TogetherContext['at']; offset: number | undefined }): ReturnType<TogetherContext['at']> {
  const whole = at('when')
  const when = present(node, 'when')?.value
  const value = when?.kind === 'map' ? present(when, kind)?.value : undefined
  return value === undefined ? whole : { place: placeIn(value, offset), path: `${whole.path}.${kind}` }
}

function checkOn(kind: KindSchema, on: Selector, { kinds, refuse }: { kinds: KindTable; refuse: (name: string, message: string, remedy: string) => void }): void {
  const hears = kind.hears ?? ['readings']
  if (on.event !== undefined && !hears.includes('events')) {
    const others = Object.values(kinds).filter((other) => other.hears?.includes('events') === true).map(({ name }) => name)
    return refuse('on', `${kind.name} is about readings, and "on" asks for events`, others.length === 0 ? 'write metric: instead of event:' : `write metric: instead of event:, or a kind that hears events: ${others.join(', ')}`)
  }
  if (on.event === undefined && !hears.includes('readings')) return refuse('on', `${kind.name} is about events, and "on" asks for readings`, 'write e.g. on: { event: "card.*" }')
  if (kind.namesMetrics === true && on.metric !== undefined) return refuse('on', `${kind.name} names its metrics itself, and "on" names another`, 'leave metric out of "on"')
  if (on.event === undefined && kind.needsOneOf.length > 0 && !kind.needsOneOf.some((member) => on[member] !== undefined)) {
    refuse('on', `${kind.name} must know what it is about`, `write ${kind.needsOneOf.join(' or ')} in "on"`)
  }
}
