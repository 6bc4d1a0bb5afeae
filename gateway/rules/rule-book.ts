import { allRows } from '../kernel/all-rows.ts'
import type { StateWriter, StoreReader } from '../kernel/contracts.ts'
import type { Rule } from '../kernel/rule.ts'
import type { RuleRevision } from '../kernel/rule-desk.ts'

/** What stands for a rule now, and what its file said when it was last looked at. */
export interface RuleHead extends RuleRevision {
  readonly id: string
  /** Null: no file has it. */
  readonly fileText: string | null
}

export type Heads = ReadonlyMap<string, RuleHead>

/** A head to be written. Without a new revision only the file was seen to be another. */
export interface RuleChange { readonly head: RuleHead; readonly isNewRevision: boolean }

/** Rules and all that was ever said about them, in the store. */
export interface RuleBook {
  /** Undefined: no rules were ever right here. A rule of another format comes back without `rule`, to be read from its text. */
  read(): Promise<Heads | undefined>
  /** Into the current batch. */
  write(changes: readonly RuleChange[]): void
  revision(id: string, revision: number): Promise<RuleRevision | undefined>
  /** Newest first, revisions less than `before`. */
  revisions(id: string, query: { readonly before: number; readonly limit: number }): Promise<readonly RuleRevision[]>
}

export const headSpace = 'rule'
export const versionSpace = 'rule-version'
/** Says, since there may be no rule at all, that a set of rules was right here. */
const marker = 'rules'
/** Rises when a stored rule would be read wrongly. */
const format = 2

interface StoredRule { readonly format: number; readonly rule: Rule | null }

export function createRuleBook(store: Pick<StoreReader, 'get' | 'list'> & Pick<StateWriter, 'put'>): RuleBook {
  return {
    async read() {
      const found = await store.get('meta', marker)
      if (found === undefined || (JSON.parse(String(found)) as { format: number }).format !== format) return undefined
      const heads = new Map<string, RuleHead>()
      for await (const [id, row] of allRows(store, headSpace)) heads.set(id, readRevision(row) as RuleHead)
      return heads
    },
    write(changes) {
      store.put('meta', marker, JSON.stringify({ format }))
      for (const { head, isNewRevision } of changes) {
        store.put(headSpace, head.id, JSON.stringify({ ...head, format }))
        if (!isNewRevision) continue
        const { id, fileText: _, ...revision } = head
        store.put(versionSpace, keyOf(id, head.revision), JSON.stringify({ ...revision, format }))
      }
    },
    async revision(id, revision) {
      const row = Number.isSafeInteger(revision) && revision > 0 && revision <= highest ? await store.get(versionSpace, keyOf(id, revision)) : undefined
      return row === undefined ? undefined : readRevision(row)
    },
    async revisions(id, { before, limit }) {
      const rows = await store.list(versionSpace, { prefix: `${id}\0`, after: before > highest ? `${id}\0` : keyOf(id, Math.max(before, 0)), limit })
      return rows.map(([, row]) => readRevision(row))
    },
  }
}

/** A row of `rule-version`. */
export function readRevision(row: string | Uint8Array): RuleRevision {
  const { format: written, ...revision } = JSON.parse(String(row)) as RuleRevision & StoredRule
  return written === format ? revision : { ...revision, rule: null }
}

const highest = 9_999_999_999

/** Falls as revisions rise: the store lists from small to great, and the newest are wanted first. */
function keyOf(id: string, revision: number): string {
  return `${id}\0${String(highest - revision).padStart(10, '0')}`
}
