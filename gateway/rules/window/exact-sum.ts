/**
 * Sums without any rounding: kept as numbers of rising magnitude that do not overlap, whose sum is exact (J. R. Shewchuk,
 * "Adaptive Precision Floating-Point Arithmetic", 1997). What was added can be taken away again without a trace, and what
 * comes out at the end depends on the terms alone, not on their order or on what had been in the sum before. Terms of at most 1e100.
 */
export type ExactSum = number[]

export function addExact(sum: ExactSum, term: number): void {
  let x = term
  let kept = 0
  for (let i = 0; i < sum.length; i++) {
    const y = sum[i]!
    const high = x + y
    const low = Math.abs(x) < Math.abs(y) ? x - (high - y) : y - (high - x)
    if (low !== 0) sum[kept++] = low
    x = high
  }
  if (x !== 0) sum[kept++] = x
  if (sum.length !== kept) sum.length = kept
}

/** Adds a · b, exactly (T. J. Dekker's product). */
export function addProduct(sum: ExactSum, a: number, b: number): void {
  const product = a * b
  const [aHigh, bHigh] = [leading(a), leading(b)]
  const [aLow, bLow] = [a - aHigh, b - bHigh]
  addExact(sum, product)
  addExact(sum, aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow))
}

/** The upper half of its bits (G. W. Veltkamp). */
function leading(x: number): number {
  const scaled = x * 134_217_729
  return scaled - (scaled - x)
}

/** The double nearest to the sum. */
export function roundExact(sum: ExactSum): number {
  let i = sum.length
  if (i === 0) return 0
  let high = sum[--i]!
  let low = 0
  while (i > 0 && low === 0) {
    const x = high
    const y = sum[--i]!
    high = x + y
    low = y - (high - x)
  }
  // Half-way between two doubles: what is left over says which is nearer.
  if (i > 0 && low !== 0 && low > 0 === sum[i - 1]! > 0) {
    const doubled = low * 2
    const next = high + doubled
    if (doubled === next - high) high = next
  }
  return high
}

/** The same sum in the one form that does not show how it came about. */
export function canonicalSum(sum: ExactSum): ExactSum {
  const rest = [...sum]
  const parts: number[] = []
  while (rest.length > 0) {
    const part = roundExact(rest)
    parts.push(part)
    addExact(rest, -part)
  }
  return parts.reverse()
}

/** Their mean: what all numbers are alike it is, too, and so never beyond the least and the greatest of them. */
export function meanOf(count: number, sum: ExactSum): number {
  const near = roundExact(sum) / count
  // Rounded twice it may be beside the nearest double; what is left over puts it there.
  const rest = [...sum]
  addProduct(rest, -near, count)
  return near + roundExact(rest) / count
}

/** Sample variance (n − 1) of n ≥ 2 numbers, from their sum and the sum of their squares: no cancellation, the sums being exact. */
export function varianceOf(count: number, sum: ExactSum, squares: ExactSum): number {
  const total: ExactSum = []
  for (const square of canonicalSum(squares)) addProduct(total, count, square)
  const parts = canonicalSum(sum)
  for (const a of parts) for (const b of parts) addProduct(total, -a, b)
  return Math.max(0, roundExact(total)) / (count * (count - 1))
}
