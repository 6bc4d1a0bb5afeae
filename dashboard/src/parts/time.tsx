import { now } from '../data/clock.ts'
import { absolute, duration } from './format.ts'

/** How long ago, ticking; the absolute time on hover. */
export function Age({ since, suffix = '' }: { since: number; suffix?: string }) {
  if (!Number.isFinite(since) || since <= 0) return <span>–</span>
  return <time dateTime={new Date(since).toISOString()} title={absolute(since)}>{duration(now.value - since)}{suffix}</time>
}
