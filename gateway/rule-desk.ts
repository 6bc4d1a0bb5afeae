import type { Clock } from './kernel/clock.ts'
import { LimenError } from './kernel/errors.ts'
import { andMore, formatProblem } from './kernel/problem.ts'
import type { CheckedRule, EditOutcome, EditRefusal, RuleDesk, RuleEdit, RuleRevision, ShownRule, WrittenRule } from './kernel/rule-desk.ts'
import { placeOf } from './kernel/sorted.ts'
import type { Decision, RuleSet } from './rule-set.ts'
import type { ReadOrder } from './rules/read-written.ts'
import type { Heads, RuleBook, RuleHead } from './rules/rule-book.ts'
import { revise, runs } from './rules/rule-changes.ts'
import { diffOf } from './rules/rule-diff.ts'

export interface RuleDeskDeps {
  readonly clock: Clock
  readonly set: Pick<RuleSet, 'edit' | 'heads'>
  readonly book: Pick<RuleBook, 'revision' | 'revisions'>
  /** In the order given. */
  readonly read: (rules: readonly ReadOrder[]) => Promise<readonly CheckedRule[]>
  readonly faulty: () => ReadonlyMap<string, string>
}

type RunningHead = RuleHead & { readonly rule: NonNullable<RuleHead['rule']>; readonly text: string }

/** Each may hold a thread. */
const mostChecks = 4
const pageSize = 100

/** What people do with rules while they run. */
export function createRuleDesk({ clock, set, book, read, faulty }: RuleDeskDeps): RuleDesk {
  let checks = 0
  /** Of the heads as they were last asked for: a list of ten thousand rules is not sorted for every page. */
  let sorted: { readonly heads: Heads; readonly running: readonly RunningHead[] } | undefined

  function running(): readonly RunningHead[] {
    const heads = set.heads()
    if (sorted?.heads !== heads) sorted = { heads, running: [...heads.values()].filter(runs).sort((a, b) => (a.id < b.id ? -1 : 1)) }
    return sorted.running
  }

  const readOne = async (written: WrittenRule, id: string | undefined): Promise<CheckedRule> => (await read([{ written, id, file: 'http' }]))[0]!

  function show(head: RunningHead, faults: ReadonlyMap<string, string>): ShownRule {
    const { rule, text, origin, revision, by, at } = head
    const fault = rule.mode === 'off' ? undefined : faults.get(rule.id)
    return { ...rule, text, state: fault === undefined ? rule.mode : 'faulty', fault: fault ?? null, origin, revision, changedBy: by, changedAt: at }
  }

  function get(id: string, heads = set.heads()): ShownRule | undefined {
    const head = heads.get(id)
    return runs(head) ? show(head, faulty()) : undefined
  }

  function conflict(id: string, before: RuleHead | undefined, { ifRevision }: RuleEdit): EditRefusal | undefined {
    if (ifRevision === undefined || ifRevision === (runs(before) ? before.revision : 0) || ifRevision === before?.revision) return undefined
    const found = runs(before) ? `revision ${before.revision} of it runs, written by ${before.by}` : 'it does not run'
    return { ok: false, code: 'CONFLICT', reason: `rule ${id} is not at revision ${ifRevision}: ${found}; look at it and decide again` }
  }

  const refused = <T extends Exclude<EditOutcome, { ok: true }>>(refusal: T): Decision<T> => ({ answer: () => refusal })

  /** Gives the rule what is written, if it is right and not what it has already. */
  async function rewrite(id: string, written: WrittenRule, how: { before: RuleHead | undefined; action: 'put' | 'rollback'; by: string; prefix: string }): Promise<Decision<EditOutcome>> {
    const { before, action, by } = how
    const checked = await readOne(written, id)
    if (checked.rule === undefined) return refused({ ok: false, code: 'BAD_INPUT', reason: `${how.prefix}${summaryOf(checked)}`, checked })
    const { rule, text } = checked
    const created = !runs(before)
    const answer = (heads: Heads): EditOutcome => ({ ok: true, created, rule: get(id, heads)! })
    if (!created && before.text === text) return { answer }
    return { change: revise(id, before, { rule, text, action, origin: 'http', by, at: isoNow() }), answer }
  }

  const isoNow = (): string => new Date(clock.wall()).toISOString()

  return {
    list({ after = '', limit }) {
      const all = running()
      const from = placeOf(all, after)
      const first = all[from]?.id === after ? from + 1 : from
      const faults = faulty()
      return all.slice(first, first + limit).map((head) => show(head, faults))
    },
    get: (id) => get(id),
    async check(written, id) {
      if (checks >= mostChecks) throw new LimenError('OVERLOADED', `${checks} rules are being checked already`, { remedy: 'send it again' })
      checks++
      try {
        return await readOne(written, id)
      } finally {
        checks--
      }
    },
    put: (id, written, edit) => set.edit<EditOutcome>(async (heads) => {
      const before = heads.get(id)
      const refusal = conflict(id, before, edit)
      return refusal === undefined ? rewrite(id, written, { before, action: 'put', by: edit.by, prefix: '' }) : refused(refusal)
    }),
    remove: (id, edit) => set.edit<{ readonly ok: true } | EditRefusal>(async (heads) => {
      const before = heads.get(id)
      if (before === undefined || before.text === null) return refused({ ok: false, code: 'NOT_FOUND', reason: `there is no rule ${id}` })
      const refusal = conflict(id, before, edit)
      if (refusal !== undefined) return refused(refusal)
      return { change: revise(id, before, { rule: null, text: null, action: 'delete', origin: 'http', by: edit.by, at: isoNow() }), answer: () => ({ ok: true }) }
    }),
    rollback: (id, revision, edit) => set.edit<EditOutcome>(async (heads) => {
      const before = heads.get(id)
      const refusal = conflict(id, before, edit)
      if (refusal !== undefined) return refused(refusal)
      const back = await book.revision(id, revision)
      if (back === undefined) return refused({ ok: false, code: 'NOT_FOUND', reason: before === undefined ? `there is no rule ${id}, and never was` : `rule ${id} has no revision ${revision}; the newest is ${before.revision}` })
      if (back.text === null) return refused({ ok: false, code: 'CONFLICT', reason: `revision ${revision} of rule ${id} is its removal; DELETE removes it` })
      return rewrite(id, { yaml: back.text }, { before, action: 'rollback', by: edit.by, prefix: `revision ${revision} is not right any more: ` })
    }),
    versions: (id, query) => book.revisions(id, query),
    async ofVersion(id, version, until) {
      let newest: RuleRevision | undefined
      for (let before = Infinity; ; ) {
        const page = await book.revisions(id, { before, limit: pageSize })
        for (const revision of page.filter((one) => one.version === version)) {
          if (until === undefined || revision.at <= until) return revision
          newest ??= revision
        }
        if (page.length < pageSize) return newest
        before = page.at(-1)!.revision
      }
    },
    async diff(id, { to = set.heads().get(id)?.revision ?? 0, from = to - 1 }) {
      const [a, b] = await Promise.all([said(id, from), said(id, to)])
      return a === undefined || b === undefined || to === 0 ? undefined : { from, to, diff: await diffOf(id, a, b) }
    },
  }

  /** Before its first revision a rule said nothing. */
  async function said(id: string, revision: number): Promise<Pick<RuleRevision, 'revision' | 'text' | 'by' | 'at'> | undefined> {
    return revision === 0 ? { revision, text: null, by: '', at: '' } : book.revision(id, revision)
  }
}

function summaryOf({ problems }: CheckedRule): string {
  const [first] = problems
  return first === undefined ? 'the rule is wrong' : andMore(formatProblem(first), problems.length)
}
