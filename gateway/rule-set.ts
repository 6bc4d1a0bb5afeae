import type { Gate } from './gate.ts'
import type { Cancel, Clock } from './kernel/clock.ts'
import type { StoreWriter } from './kernel/contracts.ts'
import { asError, LimenError } from './kernel/errors.ts'
import type { NewEvent } from './kernel/event.ts'
import type { Logger } from './kernel/log.ts'
import type { Rule } from './kernel/rule.ts'
import type { LoadedRules } from './rules/load.ts'
import type { Heads, RuleBook, RuleChange } from './rules/rule-book.ts'
import { applied, changesByFiles, newsOf, runningRules, withPlaces } from './rules/rule-changes.ts'

export interface RuleSetDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly book: Pick<RuleBook, 'write'>
  readonly store: Pick<StoreWriter, 'onDisk' | 'urgent'>
  readonly gate: Pick<Gate, 'mustBeOpen' | 'whenOpen'>
  readonly record: (event: NewEvent) => void
  /** Swaps the whole set at once. */
  readonly replace: (rules: readonly Rule[]) => void
  /** Another set runs. */
  readonly changed: () => void
}

export type Files = Pick<LoadedRules, 'rules' | 'texts'>

export interface Beginning {
  /** As the store has them; undefined: no rules were ever right here. */
  readonly stored: Heads | undefined
  /** What reading them again changed. */
  readonly changes: readonly RuleChange[]
  /** Undefined: they are wrong, and what is stored runs. */
  readonly files: Files | undefined
}

/** What an edit comes to: a change, or an answer without one. */
export type Decision<T> = { readonly change: RuleChange; readonly answer: (heads: Heads) => T } | { readonly answer: (heads: Heads) => T; readonly change?: undefined }

/** The rules that run, and the one place where they change: one change after the other, whoever makes it. */
export interface RuleSet {
  /** Runs at once, and is stored beside; if that fails, later. */
  begin(beginning: Beginning): Promise<void>
  /** Files that are right: stored first, then run. What cannot be stored is tried again until it is. */
  follow(files: Files): Promise<void>
  /** Stored first, then run: what cannot be stored changes nothing and throws STORE_FAILED. OVERLOADED where too many wait. */
  edit<T>(decide: (heads: Heads) => Promise<Decision<T>>): Promise<T>
  heads(): Heads
  running(): readonly Rule[]
  stop(): void
}

/** More edits than that do not wait; one takes as long as two commits. */
const mostWaiting = 32
/** A full disk is not asked at every moment. */
const retryMs = 5_000

export function createRuleSet(deps: RuleSetDeps): RuleSet {
  const { book, store, gate, clock } = deps
  let heads: Heads = new Map()
  let running: readonly Rule[] = []
  let newest: Files | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  /** There is a set in the store; until then nobody is told that all its rules are new. */
  let everStored = false
  /** The files' rules run and are not in the books: an edit made on these would end them. */
  let behind = false
  let cancelRetry: Cancel | undefined

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work)
    // Whoever asked is told of the failure; the next one's turn comes all the same.
    last = turn.catch(() => undefined)
    return turn
  }

  /** The error that kept the current batch off the disk; null: it is there. */
  function onDisk(): Promise<Error | null> {
    store.urgent()
    return new Promise((resolve) => store.onDisk(resolve))
  }

  /** Ahead of the alarms that retire: what is told of a change is stored with it. */
  function write(changes: readonly RuleChange[]): Promise<Error | null> {
    const news = everStored ? newsOf(heads, changes) : undefined
    book.write(changes)
    if (news !== undefined) deps.record(news)
    return onDisk()
  }

  function run(next: Heads): void {
    heads = next
    running = runningRules(next)
    deps.replace(running)
    deps.changed()
  }

  function retry(): void {
    cancelRetry?.()
    cancelRetry = clock.after(retryMs, () => {
      followNewest().catch((error: unknown) => deps.logger.error({ err: asError(error) }, 'rule files could not be taken up'))
    })
  }

  function followNewest(): Promise<void> {
    return inTurn(async () => {
      await new Promise<void>((resolve) => gate.whenOpen('rule files', resolve))
      const files = newest
      if (files === undefined) return
      const changes = changesByFiles(heads, files, isoNow())
      if (changes.length > 0 || !everStored) {
        if (await write(changes) !== null) return retry()
        everStored = true
        run(withPlaces(applied(heads, changes), files.rules))
      } else {
        heads = withPlaces(heads, files.rules)
        deps.changed()
      }
      behind = false
    })
  }

  const isoNow = (): string => new Date(clock.wall()).toISOString()

  return {
    begin: ({ stored, changes, files }) => inTurn(async () => {
      heads = stored ?? new Map()
      everStored = stored !== undefined
      newest = files
      const before = heads
      const all = files === undefined ? changes : [...changes, ...changesByFiles(applied(heads, changes), files, isoNow())]
      const stores = all.length > 0 || !everStored ? write(all) : null
      // Whatever the disk says: a gateway with rules that are right does not run without any.
      run(withPlaces(applied(before, all), files?.rules ?? []))
      if (stores === null) return
      if (await stores === null) everStored = true
      else {
        heads = before
        behind = files !== undefined
        retry()
      }
    }),
    follow(files) {
      newest = files
      return followNewest()
    },
    async edit(decide) {
      gate.mustBeOpen()
      if (waiting >= mostWaiting) throw new LimenError('OVERLOADED', `${waiting} edits of rules wait already`, { remedy: 'send it again' })
      waiting++
      try {
        return await inTurn(async () => {
          if (behind) throw new LimenError('STORE_FAILED', 'the store could not take the rules of the files yet', { remedy: 'send it again' })
          const { change, answer } = await decide(heads)
          if (change === undefined) return answer(heads)
          gate.mustBeOpen()
          const error = await write([change])
          if (error !== null) throw error instanceof LimenError ? error : new LimenError('STORE_FAILED', 'the rule could not be stored', { cause: error, remedy: 'send it again' })
          run(applied(heads, [change]))
          // What this brought about, alarms that retire, is of its own batch. If that fails, the rule is stored and runs all the same.
          await onDisk()
          return answer(heads)
        })
      } finally {
        waiting--
      }
    },
    heads: () => heads,
    running: () => running,
    stop: () => cancelRetry?.(),
  }
}
