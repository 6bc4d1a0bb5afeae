import type { DocumentNode, Place } from './document.ts'

/** Deeper values are left out: no setting is. */
const deepest = 64

/** As JSON would have it. `Object.fromEntries` defines, so that `__proto__` is a key like any other. */
export function toPlain(node: DocumentNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toPlain)
  return Object.fromEntries(node.entries.map((entry) => [entry.key, toPlain(entry.value)]))
}

/** The other way, for values that were posted or stored: shapes read them like a file. Without lines; problems name the path. */
export function toDocument(value: unknown, depth = 0): DocumentNode {
  if (typeof value === 'object' && value !== null && depth < deepest) {
    if (Array.isArray(value)) return { kind: 'list', place: nowhere, items: value.map((item) => toDocument(item, depth + 1)) }
    return { kind: 'map', place: nowhere, entries: Object.entries(value).map(([key, member]) => ({ key, place: nowhere, value: toDocument(member, depth + 1) })) }
  }
  const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
  return { kind: 'scalar', place: nowhere, value: known, text: String(known), quoted: typeof value === 'string' }
}

const nowhere: Place = { file: '', line: 0, column: 0 }
