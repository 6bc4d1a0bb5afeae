import type { DocumentNode, MapNode } from '../kernel/document.ts'

/**
 * The tree with `value` at `path`, mappings made on the way; the tree given is not changed.
 * Where the way is barred by a value that is no mapping, that stays: its own problem is reported.
 */
export function setIn(root: DocumentNode, path: readonly string[], value: DocumentNode): DocumentNode {
  const [key, ...rest] = path
  if (key === undefined) return value
  const map: MapNode | undefined = root.kind === 'map' ? root : root.kind === 'scalar' && root.value === null ? { kind: 'map', place: root.place, entries: [] } : undefined
  if (map === undefined) return root
  const old = map.entries.find((entry) => entry.key === key)
  const inner = setIn(old?.value ?? { kind: 'scalar', place: value.place, value: null, text: '', quoted: false }, rest, value)
  const entry = { key, place: old?.place ?? value.place, value: inner }
  const entries = old === undefined ? [...map.entries, entry] : map.entries.map((candidate) => (candidate === old ? entry : candidate))
  return { ...map, entries }
}
