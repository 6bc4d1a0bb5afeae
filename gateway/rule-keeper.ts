import type { Config } from './config/config.ts'
import type { Clock } from './kernel/clock.ts'
import type { TechnicalCondition } from './kernel/contracts.ts'
import { LimenError } from './kernel/errors.ts'
import type { NewEvent } from './kernel/event.ts'
import type { Logger } from './kernel/log.ts'
import { type Problem, formatProblem } from './kernel/problem.ts'
import type { Rule } from './kernel/rule.ts'
import type { LastGoodRules } from './last-good-rules.ts'
import type { LoadedRules } from './rules/load.ts'
import { type RuleWatch, watchRules } from './rules/load-watch.ts'

export interface RuleKeeperDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly lastGood: LastGoodRules
  readonly load: (sources: Config['rules']) => Promise<LoadedRules>
  readonly rereadSources: () => Promise<Config['rules'] | { readonly problems: readonly Problem[] }>
  /** Swaps the whole set at once, and tells what changed. */
  readonly replace: (rules: readonly Rule[], news?: NewEvent) => void
  readonly condition: (condition: TechnicalCondition) => void
}

export interface RuleKeeper {
  /**
   * Loads the rules and follows their files. Where they are wrong, the last set that was right runs, with an alarm;
   * RULES_INVALID, with every problem, where none ever was.
   */
  start(): Promise<void>
  stop(): Promise<void>
  readonly running: () => readonly Rule[]
}

/** The rules that run are those of the files, as long as those are right; a wrong set changes nothing and raises an alarm. */
export function createRuleKeeper(config: Config, deps: RuleKeeperDeps): RuleKeeper {
  let running: readonly Rule[] = []
  let watch: RuleWatch | undefined

  /** `before`: the set that ran last, here or before the restart. */
  function use(rules: readonly Rule[], before: readonly Rule[] | undefined): void {
    running = rules
    deps.replace(rules, before === undefined ? undefined : changeOf(before, rules))
  }

  function right(rules: readonly Rule[], before: readonly Rule[] | undefined): void {
    use(rules, before)
    deps.lastGood.keep(rules)
    deps.condition({ rule: 'technical.rules', active: false, message: 'the rule files are right again' })
  }

  function wrong(problems: readonly Problem[], message: string): void {
    const [first] = problems
    deps.logger.warn({ problems: problems.map(formatProblem) }, message)
    deps.condition({ rule: 'technical.rules', active: true, message: `Rule files are wrong, the set before runs on: ${first === undefined ? '' : formatProblem(first)}` })
  }

  /** The set to begin with. */
  async function begin(loaded: LoadedRules): Promise<readonly Rule[]> {
    const lastGood = await deps.lastGood.read()
    if (loaded.problems.length === 0) right(loaded.rules, lastGood)
    else if (lastGood === undefined) {
      throw new LimenError('RULES_INVALID', 'the rules have errors', { problems: loaded.problems, remedy: 'mend them and look with: limen check' })
    } else {
      use(lastGood, lastGood)
      wrong(loaded.problems, 'rule files are wrong; the last set that was right runs')
    }
    return running
  }

  return {
    async start() {
      const loaded = await deps.load(config.rules)
      watch = watchRules({ running: { ...loaded, rules: await begin(loaded) }, sources: config.rules, configFile: config.file, baseDir: config.baseDir, cwd: config.baseDir }, {
        clock: deps.clock,
        logger: deps.logger,
        load: deps.load,
        rereadSources: deps.rereadSources,
        onRules(rules) {
          deps.logger.info({ rules: rules.length }, 'rules changed; the new set runs')
          right(rules, running)
        },
        onInvalid: (problems) => wrong(problems, 'rule files changed and are wrong; the running set stays'),
      })
      await watch.start()
    },
    async stop() {
      await watch?.stop()
    },
    running: () => running,
  }
}

/** `limen.gateway.rules-changed`: ids of rules that came, went, or say something else now; undefined where none did. */
function changeOf(before: readonly Rule[], now: readonly Rule[]): NewEvent | undefined {
  const old = new Map(before.map((rule) => [rule.id, rule.version]))
  const ids = new Set(now.map((rule) => rule.id))
  const added = now.filter((rule) => !old.has(rule.id)).map((rule) => rule.id)
  const changed = now.filter((rule) => old.has(rule.id) && old.get(rule.id) !== rule.version).map((rule) => rule.id)
  const removed = before.filter((rule) => !ids.has(rule.id)).map((rule) => rule.id)
  if (added.length + changed.length + removed.length === 0) return undefined
  return { type: 'limen.gateway.rules-changed', data: { rules: now.length, added, changed, removed } }
}
