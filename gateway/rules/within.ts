import type { DocumentNode } from '../kernel/document.ts'
import type { RefineContext } from '../kernel/shape.ts'
import { invalid, join, present, problemAt } from '../kernel/shape.ts'

/** To refuse what stands deeper down at its own place: `within(at, 'bands', 2)`. Where it is not written, at what holds it. */
export function within({ node: root, path: rootPath, problems }: RefineContext, ...steps: readonly (string | number)[]): RefineContext {
  let node: DocumentNode = root
  let path = rootPath
  for (const step of steps) {
    path = typeof step === 'number' ? `${path}[${step}]` : join(path, step)
    const below: DocumentNode | undefined = typeof step === 'number' ? (node.kind === 'list' ? node.items[step] : undefined) : node.kind === 'map' ? present(node, step)?.value : undefined
    node = below ?? node
  }
  return {
    node,
    path,
    problems,
    refuse(message, remedy, key) {
      const entry = key === undefined || node.kind !== 'map' ? undefined : present(node, key)
      problems.push(problemAt(entry === undefined ? { place: node.place, path } : { place: entry.value.place, path: join(path, key!) }, message, remedy))
      return invalid
    },
  }
}
