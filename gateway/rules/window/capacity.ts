/** The most samples one window keeps, per condition. With more the oldest go, and the window is unknown while they would belong to it. */
export const maxSamples = 1_000_000

/** Room for so many and an eighth more: memory stays near what is used, and growing costs a few moves a sample. */
export function capacityFor(count: number): number {
  return count + 8 + (count >> 3)
}

/** Is so much of it empty that it is worth moving? */
export function isSpacious(capacity: number, count: number): boolean {
  return capacity > 16 && count < capacity >> 1
}
