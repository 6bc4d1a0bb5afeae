import { asError } from '../kernel/errors.ts'
import type { Rule } from '../kernel/rule.ts'
import { leastStaleMs } from './cadence.ts'
import type { RuleRuntime } from './cell.ts'
import type { Condition, Kind } from './kind.ts'
import { normal } from './kind.ts'
import { compileSelector } from './selector.ts'

/** Makes a rule ready. One that cannot be carried out comes back with its fault and is not evaluated. */
export function compileRule(rule: Rule, kinds: readonly Kind[]): RuleRuntime {
  const { condition, fault } = conditionOf(rule, kinds)
  return {
    rule,
    condition,
    fault,
    selector: compileSelector(rule.on),
    cells: new Map(),
    leastStaleMs: condition.expires ? (rule.staleMs ?? leastStaleMs) : Infinity,
  }
}

function conditionOf(rule: Rule, kinds: readonly Kind[]): { condition: Condition; fault: string | undefined } {
  const kind = kinds.find(({ name }) => name === rule.when.kind)
  if (kind === undefined) return { condition: never, fault: `there is no kind ${rule.when.kind}` }
  try {
    return { condition: kind.compile(rule), fault: undefined }
  } catch (thrown) {
    return { condition: never, fault: asError(thrown).message }
  }
}

/** Of a rule that is not evaluated. */
const never: Condition = {
  scope: 'series',
  takesAnySample: false,
  expires: false,
  judge: () => normal,
  levelOf: () => null,
  verdictOf: () => normal,
  limitOf: () => null,
  isUp: () => false,
}
