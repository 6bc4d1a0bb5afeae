/** Sorted sets of non-negative whole numbers as bytes: each the difference to the one before, seven bits a byte. */
export function encodeIds(sorted: readonly number[]): Uint8Array {
  const bytes: number[] = []
  let previous = 0
  for (const id of sorted) {
    let rest = id - previous
    previous = id
    while (rest >= 128) {
      bytes.push((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

export function decodeIds(bytes: Uint8Array): number[] {
  const ids: number[] = []
  let previous = 0
  let value = 0
  let factor = 1
  for (const byte of bytes) {
    value += (byte & 127) * factor
    factor *= 128
    if (byte < 128) {
      ids.push((previous += value))
      value = 0
      factor = 1
    }
  }
  return ids
}

/** Does this hold of every one of the encoded set? Asks no further than the first of which it does not. */
export function everyId(bytes: Uint8Array, holds: (id: number) => boolean): boolean {
  let id = 0
  let value = 0
  let factor = 1
  for (const byte of bytes) {
    value += (byte & 127) * factor
    factor *= 128
    if (byte < 128) {
      id += value
      if (!holds(id)) return false
      value = 0
      factor = 1
    }
  }
  return true
}

/** Is one of `wanted` in the encoded set? */
export function containsAny(bytes: Uint8Array, wanted: ReadonlySet<number>): boolean {
  return !everyId(bytes, (id) => !wanted.has(id))
}
