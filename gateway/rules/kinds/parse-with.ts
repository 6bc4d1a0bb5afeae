import type { DocumentNode } from '../../kernel/document.ts'
import type { Problem } from '../../kernel/problem.ts'
import type { KindParse } from '../../kernel/rule-kind.ts'
import type { Shape } from '../../kernel/shape.ts'
import { invalid } from '../../kernel/shape.ts'

/** A kind's `parse` by a shape. */
export function parseWith<Spec>(shape: Shape<Spec>, node: DocumentNode, path: string): KindParse<Spec> {
  const problems: Problem[] = []
  const spec = shape.read(node, path, problems)
  return spec === invalid || problems.length > 0 ? { ok: false, problems } : { ok: true, spec }
}
