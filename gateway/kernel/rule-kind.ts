import type { DocumentNode } from './document.ts'
import type { Problem } from './problem.ts'

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
}

export interface KindContext {
  /** Path of the node, for problems: `rules[2].when.level`. */
  readonly path: string
  /** True when `node` is the whole `when`, written in a short form. */
  readonly short: boolean
}

export type KindParse<Spec> =
  | { readonly ok: true; readonly spec: Spec }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** By name, in the order in which a person should be told of them. */
export type KindTable = Readonly<Record<string, KindSchema>>
