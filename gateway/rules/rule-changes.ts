import type { NewEvent } from '../kernel/event.ts'
import type { Rule } from '../kernel/rule.ts'
import type { RuleRevision } from '../kernel/rule-desk.ts'
import type { Heads, RuleChange, RuleHead } from './rule-book.ts'

/** Does this rule run? Not once it was removed, nor while what is stored of it cannot be used. */
export function runs(head: RuleHead | undefined): head is RuleHead & { readonly rule: Rule; readonly text: string } {
  return head !== undefined && head.rule !== null && head.text !== null
}

/** What is said now: the next revision. `said.rule` null: it is removed. */
export function revise(
  id: string,
  before: RuleHead | undefined,
  said: Pick<RuleRevision, 'rule' | 'text' | 'action' | 'origin' | 'by' | 'at'> & { readonly fileText?: string | null },
): RuleChange {
  const { rule, text, action, origin, by, at, fileText = before?.fileText ?? null } = said
  const [version, conditionVersion] = [rule?.version ?? null, rule?.conditionVersion ?? null]
  return { head: { id, revision: (before?.revision ?? 0) + 1, rule, text, version, conditionVersion, action, origin, by, at, fileText }, isNewRevision: true }
}

/**
 * What files that are right change. The last writer wins: a file whose text is another than when it was last seen has written
 * last; one that is as it was has not, whatever was said over HTTP since.
 */
export function changesByFiles(heads: Heads, files: { readonly rules: readonly Rule[]; readonly texts: ReadonlyMap<string, string> }, at: string): readonly RuleChange[] {
  const changes: RuleChange[] = []
  for (const rule of files.rules) {
    const text = files.texts.get(rule.id)!
    const before = heads.get(rule.id)
    const wrote = text !== (before?.fileText ?? null)
    // Read by another version of the gateway the same text may say something else.
    const reads = before?.origin === 'file' && before.version !== null && before.version !== rule.version
    if (wrote || reads) changes.push(revise(rule.id, before, { rule, text, action: 'file', origin: 'file', by: `file:${rule.source.file}`, at, fileText: text }))
  }
  const written = new Set(files.rules.map(({ id }) => id))
  for (const [id, before] of heads) {
    if (written.has(id) || before.fileText === null) continue
    if (before.origin === 'file' && before.text !== null) changes.push(revise(id, before, { rule: null, text: null, action: 'delete', origin: 'file', by: before.by, at, fileText: null }))
    else changes.push({ head: { ...before, fileText: null }, isNewRevision: false })
  }
  return changes
}

/** Rules that run as they were, with what their files say now of where they stand. */
export function withPlaces(heads: Heads, rules: readonly Rule[]): Heads {
  const read = new Map(rules.map((rule) => [rule.id, rule]))
  return new Map([...heads].map(([id, head]) => {
    const rule = read.get(id)
    return [id, head.origin === 'file' && rule !== undefined && rule.version === head.version ? { ...head, rule } : head]
  }))
}

export function applied(heads: Heads, changes: readonly RuleChange[]): Heads {
  const after = new Map(heads)
  for (const { head } of changes) after.set(head.id, head)
  return after
}

/** The set that runs, in the order of ids (code units). */
export function runningRules(heads: Heads): readonly Rule[] {
  return [...heads.values()].flatMap((head) => (runs(head) ? [head.rule] : [])).sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** `limen.gateway.rules-changed`: ids of rules that came, went, or were written anew; undefined where none was. */
export function newsOf(heads: Heads, changes: readonly RuleChange[]): NewEvent | undefined {
  const made = [...new Map(changes.filter(({ isNewRevision }) => isNewRevision).map(({ head }) => [head.id, head])).values()]
  const there = (head: RuleHead | undefined): boolean => head !== undefined && head.text !== null
  const ids = (wanted: (before: boolean, now: boolean) => boolean) => made.filter((head) => wanted(there(heads.get(head.id)), there(head))).map(({ id }) => id).sort()
  const [added, changed, removed] = [ids((before, now) => !before && now), ids((before, now) => before && now), ids((before, now) => before && !now)]
  if (added.length + changed.length + removed.length === 0) return undefined
  const by = [...new Set(made.map((head) => head.by))]
  return {
    type: 'limen.gateway.rules-changed',
    data: {
      rules: runningRules(applied(heads, changes)).length, added, changed, removed,
      by: by.length <= mostNames ? by.join(', ') : `${by.length} files`,
      origin: made.some(({ origin }) => origin === 'http') ? 'http' : 'file',
    },
  }
}

const mostNames = 3
