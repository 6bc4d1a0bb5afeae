import type { Config } from './config/config.ts'
import type { Clock } from './kernel/clock.ts'
import type { TechnicalCondition } from './kernel/contracts.ts'
import { LimenError } from './kernel/errors.ts'
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
  /** Swaps the whole set at once. */
  readonly replace: (rules: readonly Rule[]) => void
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

  function use(rules: readonly Rule[]): void {
    running = rules
    deps.replace(rules)
  }

  function right(rules: readonly Rule[]): void {
    use(rules)
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
    if (loaded.problems.length === 0) right(loaded.rules)
    else if (lastGood === undefined) {
      throw new LimenError('RULES_INVALID', 'the rules have errors', { problems: loaded.problems, remedy: 'mend them and look with: limen check' })
    } else {
      use(lastGood)
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
          right(rules)
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
