import { formatProblem } from '../../gateway/kernel/problem.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'

const deps = { kinds: kindSchemas, targets: new Set(['nurse-call']) }

/** Rules from YAML, as a file of them would be read. Throws where one is refused. */
export function rulesFrom(yaml: string): readonly Rule[] {
  const { rules, problems } = readRules(yaml, 'rules.yaml', deps)
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'))
  return rules
}

/** What is wrong with them: `line:column path: message; remedy`. */
export function problemsOf(yaml: string): readonly string[] {
  return readRules(yaml, 'rules.yaml', deps).problems.map((problem) => formatProblem(problem).replace(/^rules\.yaml:/, ''))
}
