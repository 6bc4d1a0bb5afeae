import type { Hash } from 'node:crypto'

/**
 * Feeds plain data (objects, arrays, Maps, Sets, typed arrays, scalars) to a hash: the same for equal content, whatever the order of
 * an object's members; a Map's and a Set's order counts. Members that are undefined count as absent.
 */
export function hashPlain(hash: Hash, value: unknown): void {
  if (value === null || typeof value !== 'object') {
    hash.update(typeof value === 'number' ? `n${Object.is(value, -0) ? 0 : value};` : `${(typeof value)[0]}${String(value).length}:${String(value)};`)
  } else if (ArrayBuffer.isView(value)) {
    hash.update(`b${value.byteLength}:`)
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  } else if (Array.isArray(value)) hashAll(hash, 'a', value)
  else if (value instanceof Map) hashAll(hash, 'm', [...value].flat(1))
  else if (value instanceof Set) hashAll(hash, 's', [...value])
  else {
    const members = Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))
    hash.update(`o${members.length}:`)
    for (const [name, member] of members) {
      hashPlain(hash, name)
      hashPlain(hash, member)
    }
  }
}

function hashAll(hash: Hash, sign: string, items: readonly unknown[]): void {
  hash.update(`${sign}${items.length}:`)
  for (const item of items) hashPlain(hash, item)
}
