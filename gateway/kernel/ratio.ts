/** Exact fractions: 1 in = 254/10000 m has no rounding until a value is converted. */
export interface Ratio {
  readonly n: bigint
  /** > 0; no common divisor with `n`. */
  readonly d: bigint
}

export const zero: Ratio = { n: 0n, d: 1n }
export const one: Ratio = { n: 1n, d: 1n }

export function ratio(n: bigint, d = 1n): Ratio {
  const common = gcd(n < 0n ? -n : n, d < 0n ? -d : d)
  const sign = d < 0n ? -1n : 1n
  return common === 0n ? zero : { n: (sign * n) / common, d: (sign * d) / common }
}

/** `133.322`, `1.602e-19`, `-3`: what it says in decimal, not the double next to it. For texts of ours; throws on others. */
export function decimal(text: string): Ratio {
  const match = /^(-?\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(text)
  if (match === null) throw new TypeError(`${text} is no decimal`)
  const digits = match[2] ?? ''
  const exponent = Number(match[3] ?? 0) - digits.length
  return times({ n: BigInt(match[1]! + digits), d: 1n }, power(ratio(10n), exponent))
}

export const times = (a: Ratio, b: Ratio): Ratio => ratio(a.n * b.n, a.d * b.d)
/** `b` is not 0. */
export const over = (a: Ratio, b: Ratio): Ratio => ratio(a.n * b.d, a.d * b.n)
export const minus = (a: Ratio, b: Ratio): Ratio => ratio(a.n * b.d - b.n * a.d, a.d * b.d)

/** `base` is not 0 where the exponent is negative. */
export function power(base: Ratio, exponent: number): Ratio {
  const size = BigInt(Math.abs(exponent))
  const [n, d] = [base.n ** size, base.d ** size]
  return exponent >= 0 ? { n, d } : n < 0n ? { n: -d, d: -n } : { n: d, d: n }
}

/** Of two > 0. */
export function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b]
  return a
}
