import type { Problem } from './problem.ts'
import type { Rule } from './rule.ts'

/** A rule as somebody hands it in: YAML, or what JSON gave. */
export type WrittenRule = { readonly yaml: string } | { readonly json: Readonly<Record<string, unknown>> }

/** Bytes of a rule's text. */
export const longestRuleText = 64 * 1024

/** One thing that was said about a rule. Kept for ever, from 1 upwards per id. */
export interface RuleRevision {
  readonly revision: number
  /** What ran from then on; null: nothing, it was removed. */
  readonly rule: Rule | null
  /** As it was written; null where it was removed. */
  readonly text: string | null
  readonly version: string | null
  readonly conditionVersion: string | null
  readonly action: 'put' | 'delete' | 'rollback' | 'file'
  readonly origin: 'file' | 'http'
  /** A user's name, or `file:rules/a.yaml`. */
  readonly by: string
  /** ISO 8601. */
  readonly at: string
}

/** A rule that runs, with how it came to be what it is. */
export interface ShownRule extends Rule {
  readonly text: string
  readonly state: Rule['mode'] | 'faulty'
  readonly fault: string | null
  readonly origin: RuleRevision['origin']
  readonly revision: number
  readonly changedBy: string
  readonly changedAt: string
}

export interface CheckedRule {
  /** Given where nothing is wrong. */
  readonly rule: Rule | undefined
  /** What would be kept, or what was looked at: lines and columns of the problems are of this text. */
  readonly text: string
  readonly problems: readonly Problem[]
}

export interface RuleEdit {
  readonly by: string
  /** Refused where another revision runs; 0: where any runs. */
  readonly ifRevision?: number | undefined
}

export type EditOutcome =
  | { readonly ok: true; readonly created: boolean; readonly rule: ShownRule }
  /** Checked against the rule's schema, and wrong; nothing changed. */
  | { readonly ok: false; readonly code: 'BAD_INPUT'; readonly reason: string; readonly checked: CheckedRule }
  | EditRefusal

/** As things stand. */
export interface EditRefusal { readonly ok: false; readonly code: 'NOT_FOUND' | 'CONFLICT'; readonly reason: string }

export interface RuleDiff { readonly from: number; readonly to: number; readonly diff: string }

/**
 * Rules while they run. Edits are made one after the other; each resolves once it is on disk and runs. Throws STORE_FAILED where
 * it could not be stored (then nothing changed), OVERLOADED where too many wait.
 */
export interface RuleDesk {
  /** In the order of ids (code units), those behind `after`; at most `limit` of them. */
  list(of: { readonly after?: string | undefined; readonly limit: number }): readonly ShownRule[]
  get(id: string): ShownRule | undefined
  /** `id`: what stands for one that is not written. */
  check(written: WrittenRule, id?: string): Promise<CheckedRule>
  put(id: string, written: WrittenRule, edit: RuleEdit): Promise<EditOutcome>
  remove(id: string, edit: RuleEdit): Promise<{ readonly ok: true } | EditRefusal>
  rollback(id: string, revision: number, edit: RuleEdit): Promise<EditOutcome>
  /** Newest first, revisions less than `before`. */
  versions(id: string, query: { readonly before: number; readonly limit: number }): Promise<readonly RuleRevision[]>
  /** What ran under this `version` of an alarm: the newest revision of it, not later than `until` (ISO 8601) where one is that old. */
  ofVersion(id: string, version: string, until?: string): Promise<RuleRevision | undefined>
  /** Unified. Default: from the revision before to the newest. Undefined: there is no such rule or revision. */
  diff(id: string, query: { readonly from?: number | undefined; readonly to?: number | undefined }): Promise<RuleDiff | undefined>
}
