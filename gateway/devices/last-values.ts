import type { Reading } from '../kernel/reading.ts'

export type LastValue = Pick<Reading, 'value' | 'unit' | 'ts' | 'quality'>

/** The last value of one metric: the newest that came, and the newest that may be shown, which is one that is on disk. */
export interface LastValues {
  newest: LastValue
  newestAt: number
  /** The oldest that was not yet on disk when the next one came: it is there first. At most two batches are not, so this is never far behind. */
  second: LastValue | null
  secondAt: number
  committed: LastValue | null
}

/** `position` of the reading in the log. */
export function firstValue(value: LastValue, position: number): LastValues {
  return { newest: value, newestAt: position, second: null, secondAt: 0, committed: null }
}

/** Takes the next value. `onDisk` is the last position that is. Allocates nothing. */
// eslint-disable-next-line max-params -- called for every reading: no object is made for it
export function nextValue(values: LastValues, value: LastValue, position: number, onDisk: number): void {
  if (values.newestAt <= onDisk) {
    values.committed = values.newest
    values.second = null
  } else if (values.second === null || values.secondAt <= onDisk) {
    values.committed = values.second ?? values.committed
    values.second = values.newest
    values.secondAt = values.newestAt
  }
  values.newest = value
  values.newestAt = position
}

/** Null: none is on disk yet. */
export function committedValue({ newest, newestAt, second, secondAt, committed }: LastValues, onDisk: number): LastValue | null {
  if (newestAt <= onDisk) return newest
  return second !== null && secondAt <= onDisk ? second : committed
}
