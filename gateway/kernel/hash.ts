import { hash } from 'node:crypto'

/**
 * A fast 53-bit hash (two lanes of multiply-xorshift after cyrb53, public domain), for remembering what was seen.
 * Not for secrets. Takes text or bytes; `seed` chains several parts.
 */
export function hash53(data: string | Uint8Array, seed = 0): number {
  let a = 0xdeadbeef ^ seed
  let b = 0x41c6ce57 ^ seed
  if (typeof data === 'string') {
    for (let i = 0; i < data.length; i++) {
      const c = data.charCodeAt(i)
      a = Math.imul(a ^ c, 2654435761)
      b = Math.imul(b ^ c, 1597334677)
    }
  } else {
    for (let i = 0; i < data.length; i++) {
      const c = data[i]!
      a = Math.imul(a ^ c, 2654435761)
      b = Math.imul(b ^ c, 1597334677)
    }
  }
  return mix53(a, b)
}

const words = new Float64Array(1)
const halves = new Uint32Array(words.buffer)

/** Folds a number (all 64 bits of it) into a running 53-bit hash. */
export function hash53Number(value: number, seed: number): number {
  words[0] = value
  const a = Math.imul((halves[0]! ^ seed) >>> 0, 2654435761) ^ Math.imul(halves[1]! ^ 0x9e3779b9, 1597334677)
  const b = Math.imul((halves[1]! ^ (seed / 0x100000000)) >>> 0, 2246822507) ^ Math.imul(halves[0]! ^ 0x85ebca6b, 3266489909)
  return mix53(a, b)
}

function mix53(a: number, b: number): number {
  let x = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909)
  let y = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909)
  x ^= x >>> 15
  y ^= y >>> 16
  return 4294967296 * (2097151 & y) + (x >>> 0)
}

/** The first 32 hexadecimal digits of SHA-256 over the parts, each with its length: for idempotency keys and ids. */
export function digest(...parts: readonly (string | number)[]): string {
  let all = ''
  for (const part of parts) {
    const text = String(part)
    all += `${text.length}:${text}`
  }
  return hash('sha256', all, 'hex').slice(0, 32)
}
