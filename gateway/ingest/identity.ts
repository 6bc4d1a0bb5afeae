import { hash53, hash53Number } from '../kernel/hash.ts'
import type { Value } from '../kernel/reading.ts'

const depth = 1_024
const maxAgeMs = 600_000

/** What tells a redelivered reading from a new one (trust.md, "Once, though sent twice"). */
export interface Seen {
  readonly value: Value
  readonly ts: number
  readonly tsGiven: boolean
  readonly seq: number | undefined
  /** Wall time of receipt, ms. */
  readonly receivedAt: number
}

/**
 * The memory of one series: its last 1,024 readings, or those of the last 10 minutes if fewer.
 * 16 bytes a reading, so 16 KB for a busy series. A reading whose time or counter is beyond all before is new without a look; only others are compared.
 */
export interface SeriesMemory {
  /**
   * Has this very reading been taken before? `heardAt` is its receipt on a clock that nobody sets, for here and `remember` alike: a
   * jump of the wall clock makes nothing forgotten. Left out: wall time.
   */
  has(reading: Seen, heardAt?: number): boolean
  /** How many of the remembered readings have this event time already: `k`. */
  sameTime(ts: number): number
  remember(reading: Seen, heardAt?: number): void
}

export function createSeriesMemory(): SeriesMemory {
  // Made with the first reading: of 100,000 series most are quiet, and each costs what it remembers.
  let capacity = 0
  let identities: Numbers = none
  let times: Numbers = none
  let received: Numbers = none
  let start = 0
  let count = 0
  let greatestTs = -Infinity
  let atGreatest = 0
  let givenTimes: HighWater | undefined
  let counters: HighWater | undefined

  function forget(heardAt: number): void {
    const oldest = Math.floor(heardAt / 1_000) - maxAgeMs / 1_000
    while (count > 0 && received[start]! < oldest) {
      start = (start + 1) % capacity
      count--
    }
  }

  return {
    has(reading, heardAt = reading.receivedAt) {
      if (!reading.tsGiven && reading.seq === undefined) return false
      // With a counter it is the counter that must rise, else the device's time.
      if (reading.seq === undefined ? reading.ts > greatestOf(givenTimes) : reading.seq > greatestOf(counters)) return false
      forget(heardAt)
      const identity = identify(reading)
      for (let i = count - 1; i >= 0; i--) if (identities[(start + i) % capacity] === identity) return true
      return false
    },
    sameTime(ts) {
      if (ts > greatestTs) return 0
      if (ts === greatestTs) return atGreatest
      let same = 0
      // The low 32 bits: a time 49.7 days off may count too, and makes `k` greater than it need be, never equal to another's.
      for (let i = 0; i < count; i++) if (times[(start + i) % capacity] === ts >>> 0) same++
      return same
    },
    remember(reading, heardAt = reading.receivedAt) {
      if (count === capacity) {
        forget(heardAt)
        if (count === capacity && capacity < depth) {
          const of = { count, start }
          const wider = Math.min(depth, Math.max(1, capacity * 2))
          identities = widened(identities, createDoubles(wider), of)
          times = widened(times, createWords(wider), of)
          received = widened(received, createWords(wider), of)
          capacity = wider
          start = 0
        }
      }
      if (count === capacity) {
        start = (start + 1) % capacity
        count--
      }
      const slot = (start + count) % capacity
      identities[slot] = reading.tsGiven || reading.seq !== undefined ? identify(reading) : -1
      times[slot] = reading.ts >>> 0
      received[slot] = Math.floor(heardAt / 1_000)
      count++
      if (reading.ts > greatestTs) {
        greatestTs = reading.ts
        atGreatest = 1
      } else if (reading.ts === greatestTs) atGreatest++
      if (reading.tsGiven) (givenTimes ??= createHighWater()).saw(reading.ts)
      if (reading.seq !== undefined) (counters ??= createHighWater()).saw(reading.seq)
    },
  }
}

type Numbers = number[] | Float64Array | Uint32Array
const none: Numbers = []
/** A few numbers take less in a plain array than a typed array's own head. */
const plainUpTo = 8
const createDoubles = (length: number): Numbers => (length <= plainUpTo ? Array.from({ length }, () => 0) : new Float64Array(length))
const createWords = (length: number): Numbers => (length <= plainUpTo ? Array.from({ length }, () => 0) : new Uint32Array(length))

/** A ring in a larger one, its oldest first. */
function widened(from: Numbers, to: Numbers, { count, start }: { readonly count: number; readonly start: number }): Numbers {
  for (let i = 0; i < count; i++) to[i] = from[(start + i) % from.length]!
  return to
}

interface HighWater { greatest(): number; saw(value: number): void }

const greatestOf = (water: HighWater | undefined): number => (water === undefined ? -Infinity : water.greatest())

/**
 * The greatest value among the remembered: never too low, so that nothing remembered is taken for new. Once it has been
 * undercut (a counter that started over, a clock that was ahead) it comes down as soon as the memory has turned over.
 */
function createHighWater(): HighWater {
  let greatest = -Infinity
  let sinceUndercut = 0
  let greatestSince = -Infinity
  return {
    greatest: () => greatest,
    saw(value) {
      if (value >= greatest) {
        greatest = value
        sinceUndercut = 0
        greatestSince = -Infinity
        return
      }
      sinceUndercut++
      if (value > greatestSince) greatestSince = value
      if (sinceUndercut < depth) return
      greatest = greatestSince
      sinceUndercut = 0
      greatestSince = -Infinity
    },
  }
}

/** (seq, ts if given, value), else (ts, value), as 53 bits: a false match among 1,024 has a chance of 10⁻¹³. */
function identify({ value, ts, tsGiven, seq }: Seen): number {
  let hash = 0x51ed270b
  if (seq !== undefined) hash = hash53Number(seq, hash)
  if (tsGiven) hash = hash53Number(ts, hash + 1)
  switch (typeof value) {
    case 'number':
      return hash53Number(value, hash + 2)
    case 'string':
      return hash53(value, (hash | 0) ^ 3)
    case 'boolean':
      return hash53Number(value ? 1 : 0, hash + 4)
    default:
      return hash53Number(0, hash + 5)
  }
}
