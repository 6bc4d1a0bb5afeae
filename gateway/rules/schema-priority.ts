import type { Priority } from '../kernel/priority.ts'
import type { DocumentNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Invalid, Shape } from '../kernel/shape.ts'
import { clip, describe, invalid, join, oneOf, problemAt, record } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'

const word = oneOf('high', 'medium', 'low')
const byLevel = record(word, { expected: 'high, medium or low, or one per level', example: '{ lolo: high, lo: medium }' })

/** As written: one word, or one per level with the node that names it. */
export type WrittenPriority = Priority | { readonly levels: ReadonlyMap<string, Priority>; readonly node: DocumentNode }

export const priorityShape: Shape<WrittenPriority> = {
  expected: 'high, medium or low, or one per level',
  example: 'high',
  read(node, path, problems) {
    if (node.kind === 'scalar') return word.read(node, path, problems)
    if (node.kind === 'list') {
      problems.push(problemAt({ place: node.place, path }, `expected high, medium or low, found ${describe(node)}`, 'write e.g. priority: high'))
      return invalid
    }
    const levels = byLevel.read(node, path, problems)
    return levels === invalid ? invalid : { levels, node }
  },
}

/** Every level of the rule with its priority; what is not named is as its kind has it, else medium. Refuses levels the rule does not have. */
export function fillPriorities(
  written: WrittenPriority | undefined,
  { levels, usual = {}, at }: { readonly levels: readonly string[]; readonly usual?: Readonly<Record<string, Priority>> | undefined; readonly at: Parameters<typeof problemAt>[0] },
  problems: Problem[],
): Priority | Readonly<Record<string, Priority>> | Invalid {
  const usualOf = (level: string): Priority => (Object.hasOwn(usual, level) ? usual[level]! : 'medium')
  if (written === undefined) return levels.some((level) => usualOf(level) !== 'medium') ? Object.fromEntries(levels.map((level) => [level, usualOf(level)])) : 'medium'
  if (typeof written === 'string') return written
  if (levels.length === 0) {
    problems.push(problemAt(at, 'a priority per level, of a rule that has no levels', 'write one word: high, medium or low'))
    return invalid
  }
  const entries = written.node.kind === 'map' ? written.node.entries : []
  const strange = entries.filter((entry) => !levels.includes(entry.key))
  for (const entry of strange) {
    problems.push(problemAt({ place: entry.place, path: join(at.path, entry.key) }, `the rule has no level "${clip(entry.key)}"`, suggestion(entry.key, levels)))
  }
  return strange.length > 0 ? invalid : Object.fromEntries(levels.map((level) => [level, written.levels.get(level) ?? usualOf(level)]))
}
