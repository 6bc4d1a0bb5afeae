import type { StoreReader } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import type { StoredReading } from '../kernel/reading.ts'
import { badRequest } from './problem.ts'

/** In the words of the rules' aggregates; `mean` is another word for `avg`. */
export const stepFunctions = ['avg', 'mean', 'min', 'max', 'sum', 'last', 'count'] as const
export type StepFunction = (typeof stepFunctions)[number]

export interface StepQuery {
  readonly device: string
  readonly metric: string
  /** ms since 1970: [from, to). */
  readonly from: number
  readonly to: number
  readonly stepMs: number
  readonly fn: StepFunction
}

/** One stretch `[ts, ts + stepMs)` that has readings; those without are left out: a gap is a gap. Between min and max lie all of them. */
export interface Step { readonly ts: number; readonly value: number | null; readonly min: number; readonly max: number; readonly count: number }

export interface Steps { read(query: StepQuery): Promise<readonly Step[]> }

interface Sum { count: number; sum: number; min: number; max: number; last: number; lastTs: number }

/**
 * Condenses readings of one series on request. Bounded in steps (memory), in readings (time) and in how many requests
 * do it at once: it is the one read of the API that can be large, and it may not take the machine from ingest.
 */
export function createSteps(options: { maxSteps?: number; maxReadings?: number; maxAtOnce?: number; pageSize?: number }, deps: { store: Pick<StoreReader, 'readings'> }): Steps {
  const { maxSteps = 10_000, maxReadings = 1_000_000, maxAtOnce = 2, pageSize = 2_000 } = options
  let running = 0

  async function condense({ device, metric, from, to, stepMs }: StepQuery): Promise<Map<number, Sum>> {
    const sums = new Map<number, Sum>()
    let seen = 0
    for (let after = 0; ; ) {
      const page = await deps.store.readings({ device, metric, from, to, after, limit: pageSize })
      for (const reading of page) add(sums, reading, stepMs)
      seen += page.length
      if (page.length < pageSize) return sums
      if (seen >= maxReadings) throw badRequest([{ member: 'from', detail: `there are more than ${maxReadings} readings in this time; ask for less of it` }])
      after = page.at(-1)!.position
    }
  }

  return {
    async read(query) {
      if (!(query.to > query.from)) throw badRequest([{ member: 'to', detail: 'must be later than from' }])
      if ((query.to - query.from) / query.stepMs > maxSteps) throw badRequest([{ member: 'step', detail: `would give more than ${maxSteps} steps; write a longer one` }])
      if (running >= maxAtOnce) throw new LimenError('OVERLOADED', 'other requests with step are being worked on', { remedy: 'try again in a moment' })
      running++
      try {
        const sums = await condense(query)
        return [...sums].sort(([a], [b]) => a - b).map(([ts, sum]) => ({ ts, value: valueOf(sum, query.fn), min: sum.min, max: sum.max, count: sum.count }))
      } finally {
        running--
      }
    },
  }
}

/** Numbers and booleans (1/0) of good quality; text says nothing here. */
function add(sums: Map<number, Sum>, { value, quality, ts }: StoredReading, stepMs: number): void {
  const number = typeof value === 'boolean' ? Number(value) : value
  if (typeof number !== 'number' || quality !== 'good') return
  const start = Math.floor(ts / stepMs) * stepMs
  const sum = sums.get(start)
  if (sum === undefined) {
    sums.set(start, { count: 1, sum: number, min: number, max: number, last: number, lastTs: ts })
    return
  }
  sum.count++
  sum.sum += number
  sum.min = Math.min(sum.min, number)
  sum.max = Math.max(sum.max, number)
  if (ts >= sum.lastTs) {
    sum.last = number
    sum.lastTs = ts
  }
}

function valueOf(sum: Sum, fn: StepFunction): number {
  switch (fn) {
    case 'avg':
    case 'mean':
      return sum.sum / sum.count
    case 'min':
    case 'max':
    case 'sum':
    case 'last':
    case 'count':
      return sum[fn]
    default:
      return fn satisfies never
  }
}
