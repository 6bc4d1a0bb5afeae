import { median } from '../bench/statistics.ts'

export interface Growth {
  readonly growing: boolean
  /** Over the second half of the run, bytes, by the median of all slopes between two windows. */
  readonly overHalfBytes: number
  readonly perHourBytes: number
  /** How surely it rises: standard deviations of Mann and Kendall's test. */
  readonly sureness: number
}

/** A run is looked at in so many stretches, each by its least value: what a collection leaves. */
const windows = 40
/** One in 200 if there were no trend. */
const sure = 2.58
/** Less than this over half a run is noise of the collector, however steady. */
const leastBytes = 16e6
const leastShare = 0.1

/**
 * Does memory keep growing? Judged by the second half of the run (in the first, caches and the memory of duplicates fill):
 * it does if the floors of its stretches rise, surely (Mann–Kendall) and by more than 10 % and 16 MB (Theil–Sen slope),
 * and never come down, in the last quarter, to what was seen in the second. Neither a single peak nor a saw tooth with a
 * period of up to half the run makes it so. `samples` are taken at equal distances.
 */
export function growthOf(samples: readonly number[], sampleSeconds: number): Growth {
  const width = Math.max(1, Math.floor(samples.length / windows))
  const all: number[] = []
  for (let i = 0; i + width <= samples.length; i += width) all.push(Math.min(...samples.slice(i, i + width)))
  const quarter = Math.floor(all.length / 4)
  const floors = all.slice(2 * quarter)
  const slopes: number[] = []
  let score = 0
  for (let i = 0; i < floors.length; i++) {
    for (let j = i + 1; j < floors.length; j++) {
      slopes.push((floors[j]! - floors[i]!) / (j - i))
      score += Math.sign(floors[j]! - floors[i]!)
    }
  }
  if (slopes.length === 0) return { growing: false, overHalfBytes: 0, perHourBytes: 0, sureness: 0 }
  const n = floors.length
  const perWindow = median(slopes)
  const overHalfBytes = perWindow * (n - 1)
  const sureness = score / Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  return {
    growing: sureness > sure && overHalfBytes > Math.max(leastBytes, floors[0]! * leastShare)
      && Math.min(...all.slice(3 * quarter)) > Math.max(...all.slice(quarter, 2 * quarter)),
    overHalfBytes,
    perHourBytes: (perWindow / (width * sampleSeconds)) * 3_600,
    sureness,
  }
}
