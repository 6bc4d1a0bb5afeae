import type { Clock } from '../kernel/clock.ts'

/**
 * Slows guessing. Three token buckets a try must all have room in: the pair of account and address, the address, the account.
 * The pair is the tightest, so that one misconfigured device neither locks out its neighbours behind the same address
 * nor the account's owner elsewhere; the other two bound guessing over many names and from many places.
 */
export interface Attempts {
  /** How long this account must wait at this address before a try counts; 0: now. */
  waitMs(login: { readonly name: string; readonly address: string }): number
  /** Takes a token for a try that begins; false: it must wait. */
  begin(login: { readonly name: string; readonly address: string }): boolean
  /** The try was right: its token goes back, and the pair is forgiven. */
  succeeded(login: { readonly name: string; readonly address: string }): void
  /** The try was not carried out: its token goes back. */
  takeBack(login: { readonly name: string; readonly address: string }): void
  /** Buckets remembered, for tests and metrics. */
  size(): number
}

interface Limit { readonly burst: number; readonly refillMs: number }
interface Bucket { tokens: number; atMs: number; readonly limit: Limit }

const pairLimit: Limit = { burst: 5, refillMs: 10_000 }
const addressLimit: Limit = { burst: 50, refillMs: 500 }
const accountLimit: Limit = { burst: 100, refillMs: 5_000 }

/** `maxBuckets`: what is remembered at most; the bucket that was used longest ago goes first. */
export function createAttempts(options: { maxBuckets?: number }, deps: { clock: Clock }): Attempts {
  const maxBuckets = options.maxBuckets ?? 30_000
  const buckets = new Map<string, Bucket>()

  function level(bucket: Bucket): number {
    return Math.min(bucket.limit.burst, bucket.tokens + (deps.clock.monotonic() - bucket.atMs) / bucket.limit.refillMs)
  }

  function keys(login: { name: string; address: string }): readonly (readonly [string, Limit])[] {
    const address = networkOf(login.address)
    return [[`p ${address} ${login.name}`, pairLimit], [`a ${address}`, addressLimit], [`n ${login.name}`, accountLimit]]
  }

  function change(key: string, limit: Limit, by: number): void {
    const known = buckets.get(key)
    const tokens = Math.min(limit.burst, (known === undefined ? limit.burst : level(known)) + by)
    buckets.delete(key)
    if (tokens >= limit.burst) return
    buckets.set(key, { tokens, atMs: deps.clock.monotonic(), limit })
    if (buckets.size > maxBuckets) buckets.delete(buckets.keys().next().value!)
  }

  function waitMs(login: { name: string; address: string }): number {
    let longest = 0
    for (const [key, limit] of keys(login)) {
      const bucket = buckets.get(key)
      if (bucket !== undefined) longest = Math.max(longest, Math.ceil((1 - level(bucket)) * limit.refillMs))
    }
    return longest
  }

  return {
    waitMs,
    begin(login) {
      if (waitMs(login) > 0) return false
      for (const [key, limit] of keys(login)) change(key, limit, -1)
      return true
    },
    succeeded(login) {
      const [pair, ...others] = keys(login)
      buckets.delete(pair![0])
      for (const [key, limit] of others) change(key, limit, 1)
    },
    takeBack(login) {
      for (const [key, limit] of keys(login)) change(key, limit, 1)
    },
    size: () => buckets.size,
  }
}

/** One stranger has a whole IPv6 /64 to speak from. */
function networkOf(address: string): string {
  const plain = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address
  return plain.includes(':') && plain !== '::1' ? plain.split(':').slice(0, 4).join(':') : plain
}
