import type { DocumentNode, MapNode } from './document.ts'
import type { Priority } from './priority.ts'
import type { Problem } from './problem.ts'
import type { Selector } from './rule.ts'
import type { ScoreTable } from './score-table.ts'
import type { Zones } from './zone.ts'

/**
 * What loading a rule file needs to know of one kind (`when: { NAME: … }`).
 * The table of kinds is handed to the loader; a kind's schema stands in rules/kinds/NAME.schema.ts.
 */
export interface KindSchema<Spec = unknown> {
  /** The key under `when`. */
  readonly name: string
  /** Further keys of `when` that select this kind (`above`, `below`, `equals` of level); with them `when` itself is what `parse` reads. */
  readonly shortForms: readonly string[]
  /** How to write it, for error messages: `level: { hi: 120, hysteresis: 2 }`. */
  readonly example: string
  /** Reads what stands under the kind's name, or the whole `when` where a short form was used. Pure; never throws. */
  parse(node: DocumentNode, context: KindContext): KindParse<Spec>
  /** The levels an alarm of this rule can carry, from the outermost low to the outermost high; empty where there are none. */
  levels(spec: Spec): readonly string[]
  /** May `for` stand beside it? (absent: no, it is its own delay) */
  readonly allowsFor: boolean
  /** `on` must name at least one of these; empty: any selector will do. */
  readonly needsOneOf: readonly ('metric' | 'device')[]
  /** What an alarm says where the rule gives no `message`. */
  readonly defaultMessage: string
  /** The same, where it depends on what was written. */
  defaultMessageOf?(spec: Spec): string
  /** The priority of each level where the rule gives none; left out: medium. */
  priorities?(spec: Spec): Readonly<Record<string, Priority>>
  /** What it can be about; left out: readings only. */
  readonly hears?: readonly ('readings' | 'events')[]
  /** It names all its signals itself: `on` may be left out, and then they are those of every device. */
  readonly onOptional?: true
  /** It names the metrics itself: `on` may narrow down the devices, never name a metric. */
  readonly namesMetrics?: true
  /** What one alarm is kept per where the rule does not say; left out: `device`. */
  defaultKey?(spec: Spec): string
  /** Keys of `when` that may stand beside the kind's name (`all: […], maxAge: 60s`); `parse` finds them in its context. */
  readonly siblings?: readonly string[]
  /** The series whose values it compares, and in which unit where it says so itself; left out: those of `on`, in the unit of the rule. */
  compares?(spec: Spec, on: Selector): readonly Compared[]
  /** What is wrong with it only together with the rest of its rule. */
  together?(spec: Spec, rule: RuleAround): readonly Misfit[]
}

/** Series that are compared; UCUM code of the unit they must have a way into, left out: the rule's. */
export interface Compared { readonly on: Selector; readonly unit?: string }

/** What a kind may look at of the rest of its rule. */
export interface RuleAround {
  readonly on: Selector
  readonly key: string
}

export interface Misfit {
  /** Whose place the problem has: a key of the rule, or what stands under the kind's name. */
  readonly at: 'on' | 'key' | 'kind'
  /** Within that value: characters from the beginning of a text, for expressions. */
  readonly offset?: number
  readonly message: string
  readonly remedy: string
}

/** What files define beside rules, for kinds to name. */
export interface TableBook {
  /** A site's own first. Undefined: there is none, or it is faulty (and that was said where it stands). */
  find(id: string): ScoreTable | undefined
  /** There is one of that id, right or wrong. */
  has(id: string): boolean
  readonly ids: readonly string[]
}

export interface KindContext {
  /** Path of the node, for problems: `rules[2].when.level`. */
  readonly path: string
  /** True when `node` is the whole `when`, written in a short form. */
  readonly short: boolean
  /** Score tables that may be named; left out: those that come with Limen. */
  readonly tables?: TableBook | undefined
  /** The siblings that were given; its place is that of `when`. */
  readonly beside?: MapNode
  /** Zones that may be named. */
  readonly zones?: Zones | undefined
}

export type KindParse<Spec> =
  | { readonly ok: true; readonly spec: Spec }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** By name, in the order in which a person should be told of them. */
export type KindTable = Readonly<Record<string, KindSchema>>
