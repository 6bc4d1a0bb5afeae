import type { Config } from './config/config.ts'
import type { Clock } from './kernel/clock.ts'
import type { StoreReader, StoreWriter, TechnicalCondition } from './kernel/contracts.ts'
import { LimenError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'
import { type Problem, formatProblem } from './kernel/problem.ts'
import type { CheckedRule, RuleDesk } from './kernel/rule-desk.ts'
import { createRuleDesk } from './rule-desk.ts'
import type { Beginning, RuleSetDeps } from './rule-set.ts'
import { createRuleSet } from './rule-set.ts'
import type { LoadedRules } from './rules/load.ts'
import type { ReadOrders } from './rules/load-apart.ts'
import { readRulesApart } from './rules/load-apart.ts'
import { type RuleWatch, watchRules } from './rules/load-watch.ts'
import type { ReadOrder } from './rules/read-written.ts'
import type { Heads, RuleChange, RuleHead } from './rules/rule-book.ts'
import { createRuleBook } from './rules/rule-book.ts'
import { revise } from './rules/rule-changes.ts'

export interface RuleKeeperDeps extends Pick<RuleSetDeps, 'gate' | 'record' | 'replace'> {
  readonly clock: Clock
  readonly logger: Logger
  readonly store: Pick<StoreReader, 'get' | 'list'> & Pick<StoreWriter, 'put' | 'onDisk' | 'urgent'>
  readonly load: (sources: Config['rules']) => Promise<LoadedRules>
  readonly rereadSources: () => Promise<Config['rules'] | { readonly problems: readonly Problem[] }>
  readonly condition: (condition: TechnicalCondition) => void
  /** Rules that are not evaluated any more, with the reason. */
  readonly faulty: () => ReadonlyMap<string, string>
}

export interface RuleKeeper {
  /**
   * Loads the rules and follows their files. Where they are wrong, the rules that ran last run on, with an alarm;
   * RULES_INVALID, with every problem, where none ever were right.
   */
  start(): Promise<void>
  stop(): Promise<void>
  readonly desk: RuleDesk
  /** What rules may name here, as far as it is right; for who reads them elsewhere. */
  readonly site: () => Pick<ReadOrders, 'targets' | 'tables' | 'zones'> & { readonly devices: Config['devices'] }
}

/**
 * The rules that run: those of the files and those written over HTTP, whoever wrote last (docs/decisions/rule-versions.md).
 * What is wrong changes nothing; wrong files raise an alarm.
 */
export function createRuleKeeper(config: Config, deps: RuleKeeperDeps): RuleKeeper {
  const { clock, logger, store } = deps
  const book = createRuleBook(store)
  const set = createRuleSet({ clock, logger, store, book, gate: deps.gate, record: deps.record, replace: deps.replace, changed: tell })
  /** What the files hold beside rules; of the last that were right. */
  let site: Partial<Pick<LoadedRules, 'tables' | 'zones'>> = {}
  const whole: RuleKeeper['site'] = () => ({ targets: new Set(config.targets.keys()), devices: config.devices, ...site })
  const read = (rules: readonly ReadOrder[]): Promise<readonly CheckedRule[]> => readRulesApart({ rules, ...whole() })
  const learn = ({ tables, zones }: LoadedRules): void => { site = { tables, zones } }
  let watch: RuleWatch | undefined
  let wrongFiles: readonly Problem[] = []
  /** What is stored and could not be read again, until somebody writes it anew. */
  let unreadable: readonly { readonly head: RuleHead; readonly problem: Problem }[] = []

  function tell(): void {
    const [inFiles] = wrongFiles
    const stored = unreadable.find(({ head }) => set.heads().get(head.id)?.revision === head.revision)
    if (inFiles !== undefined) condition(true, `Rule files are wrong, the set before runs on: ${formatProblem(inFiles)}`)
    else if (stored !== undefined) condition(true, `Rule ${stored.head.id}, as ${stored.head.by} wrote it, is not right any more: ${formatProblem(stored.problem)}`)
    else condition(false, 'the rules are right again')
  }

  function condition(active: boolean, message: string): void {
    deps.condition({ rule: 'technical.rules', active, message })
  }

  function wrong(problems: readonly Problem[], message: string): void {
    wrongFiles = problems
    logger.warn({ problems: problems.map(formatProblem) }, message)
  }

  /** Rules that stand in no file, or in files that are wrong, are read from their own texts: targets and kinds may be others than when they were written. */
  async function readAgain(stored: Heads, filesAreRight: boolean): Promise<Pick<Beginning, 'stored' | 'changes'>> {
    const own = [...stored.values()].filter((head): head is RuleHead & { text: string } => head.text !== null && (head.origin === 'http' || !filesAreRight))
    const checked = await read(own.map(({ id, text, rule, origin }) => ({ written: { yaml: text }, id, file: origin === 'file' && rule !== null ? rule.source.file : 'http' })))
    const heads = new Map(stored)
    const changes: RuleChange[] = []
    const lost: { head: RuleHead; problem: Problem }[] = []
    for (const [index, head] of own.entries()) {
      const { rule, problems } = checked[index]!
      if (rule === undefined) lost.push({ head, problem: { ...problems[0]!, file: head.id } })
      else if (rule.version === head.version) heads.set(head.id, { ...head, rule })
      // This version of the gateway reads something else in the same text.
      else changes.push(revise(head.id, head, { ...head, rule, by: head.origin === 'file' ? head.by : 'limen', at: new Date(clock.wall()).toISOString() }))
    }
    for (const { head, problem } of lost) logger.warn({ rule: head.id, problem: formatProblem(problem) }, head.rule === null ? 'a stored rule cannot be read any more and does not run' : 'a stored rule is not right any more; it runs as it was read before')
    unreadable = lost
    return { stored: heads, changes }
  }

  /** Tables and zones are other ones: rules that stand in no file and name them follow, as those of the files do. */
  async function followSite(): Promise<void> {
    const { changes } = await readAgain(set.heads(), true)
    for (const { head } of changes) {
      await set.edit(async (heads) => {
        const before = heads.get(head.id)
        // Whoever wrote it meanwhile has read it with these.
        return { ...(before?.revision === head.revision - 1 ? { change: { head: { ...head, fileText: before.fileText }, isNewRevision: true } } : {}), answer: () => undefined }
      })
    }
    tell()
  }

  async function takeUp(files: LoadedRules): Promise<void> {
    const before = namesOf(site)
    learn(files)
    await set.follow(files)
    if (namesOf(site) !== before) await followSite()
  }

  async function begin(loaded: LoadedRules): Promise<void> {
    const stored = await book.read()
    const right = loaded.problems.length === 0
    learn(loaded)
    if (!right && stored === undefined) throw new LimenError('RULES_INVALID', 'the rules have errors', { problems: loaded.problems, remedy: 'mend them and look with: limen check' })
    const again = stored === undefined ? { stored, changes: [] } : await readAgain(stored, right)
    if (!right) wrong(loaded.problems, 'rule files are wrong; the rules that ran last run on')
    await set.begin({ ...again, files: right ? loaded : undefined })
  }

  return {
    async start() {
      const loaded = await deps.load(config.rules)
      await begin(loaded)
      watch = watchRules({ loaded, sources: config.rules, configFile: config.file, baseDir: config.baseDir, cwd: config.baseDir }, {
        clock,
        logger,
        load: deps.load,
        rereadSources: deps.rereadSources,
        onRules(files) {
          logger.info({ rules: files.rules.length }, 'rule files changed and are right')
          wrongFiles = []
          takeUp(files).catch((error: unknown) => logger.error({ err: error }, 'changed rule files could not be taken up'))
        },
        onInvalid(problems) {
          wrong(problems, 'rule files changed and are wrong; the running set stays')
          tell()
        },
      })
      await watch.start()
    },
    async stop() {
      set.stop()
      await watch?.stop()
    },
    site: whole,
    desk: createRuleDesk({ clock, set, book, read, faulty: deps.faulty }),
  }
}

/** Of what rules may name beside targets and devices. */
function namesOf({ tables, zones }: Partial<Pick<LoadedRules, 'tables' | 'zones'>>): string {
  return JSON.stringify([tables?.tables ?? [], [...(zones ?? [])]])
}
