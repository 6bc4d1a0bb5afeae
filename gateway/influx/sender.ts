import type { Cancel, Clock } from '../kernel/clock.ts'
import type { DeliveryOutcome } from '../kernel/contracts.ts'
import { fullJitterMs } from '../kernel/retry.ts'
import { judge } from './answer.ts'
import type { Answer, Verdict } from './answer.ts'
import type { InfluxClient } from './client.ts'
import type { Health } from './health.ts'
import type { InfluxTuning } from './options.ts'

/** A line that InfluxDB will not take, and what it said. */
export interface BadLine { readonly index: number; readonly words: string }

export interface Sender {
  /** Tries until every line is stored or known to be bad; gives the bad ones. undefined: stopped before that. */
  send(lines: readonly string[]): Promise<readonly BadLine[] | undefined>
  /** One try. */
  once(line: string): Promise<Verdict>
  /** Ends waits at once and a request under way after `graceMs`. */
  stop(graceMs: number): void
  /** Requests by the status they were answered with; `none` for no answer. */
  requests(): ReadonlyMap<string, number>
}

export interface SenderDeps {
  readonly client: InfluxClient
  readonly clock: Clock
  readonly health: Health
  readonly tuning: InfluxTuning
  /** [0, 1) */
  readonly random: () => number
}

/** A longer Retry-After is taken for a mistake. */
const longestRetryAfterMs = 3_600_000
/** So many requests that went well, and a limit lowered by a 413 is doubled again. */
const requestsToGrow = 200

/** Every row of the answer table (delivery.md "InfluxDB"). */
export function createSender({ client, clock, health, tuning, random }: SenderDeps): Sender {
  const abort = new AbortController()
  const requests = new Map<string, number>()
  let stopped = false
  let wake: (() => void) | undefined
  let cancelGrace: Cancel | undefined
  let failures = 0
  let limit = tuning.batchLines
  let taken = 0
  /** The client does one write at a time; dead letters that are sent again wait here. */
  let turn: Promise<unknown> = Promise.resolve()

  function write(body: string): Promise<Answer> {
    const answer = turn.then(() => (stopped ? { kind: 'none', reason: 'stopping' } as const : client.write(body, abort.signal)))
    turn = answer
    return answer
  }

  async function attempt(lines: readonly string[]): Promise<Verdict> {
    const answer = await write(lines.join('\n'))
    const status = answer.kind === 'http' ? String(answer.status) : 'none'
    requests.set(status, (requests.get(status) ?? 0) + 1)
    return judge(answer, lines.length, clock.wall())
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (stopped) return resolve()
      const cancel = clock.after(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }

  function answered(): void {
    failures = 0
    health.good()
  }

  return {
    async send(lines) {
      const work: [start: number, end: number][] = [[0, lines.length]]
      const bad: BadLine[] = []
      for (let piece = work.pop(); piece !== undefined; piece = work.pop()) {
        if (stopped) return undefined
        const [start, end] = piece
        if (end - start > limit) {
          work.push([start + limit, end], [start, start + limit])
          continue
        }
        const verdict = await attempt(lines.slice(start, end))
        if (stopped && verdict.kind === 'later') return undefined
        switch (verdict.kind) {
          case 'written':
            answered()
            if (++taken % requestsToGrow === 0) limit = Math.min(tuning.batchLines, limit * 2)
            break
          case 'bad-lines':
            answered()
            if (verdict.all) for (let index = start; index < end; index++) bad.push({ index, words: verdict.words })
            else work.push([middle(start, end), end], [start, middle(start, end)])
            break
          case 'too-large':
            answered()
            if (end - start === 1) bad.push({ index: start, words: verdict.words })
            else {
              limit = middle(start, end) - start
              taken = 0
              work.push(piece)
            }
            break
          case 'refuses-us':
            work.push(piece)
            health.refused(verdict.status, verdict.words)
            await pause(tuning.refusedRetryMs * (0.5 + random() / 2))
            break
          case 'later':
            work.push(piece)
            health.away(verdict.words)
            await pause(waitMs(verdict.afterMs))
            break
        }
      }
      return bad
    },
    once: (line) => attempt([line]),
    stop(graceMs) {
      if (stopped) return
      stopped = true
      wake?.()
      cancelGrace = clock.after(graceMs, () => abort.abort(new Error('the gateway is stopping')))
      void turn.finally(() => cancelGrace?.())
    },
    requests: () => requests,
  }

  function waitMs(afterMs: number | undefined): number {
    if (afterMs === undefined) return fullJitterMs(failures++, random)
    failures++
    return Math.min(afterMs, longestRetryAfterMs) + random() * 1_000
  }
}

/** Rounded up, so that two lines part. */
function middle(start: number, end: number): number {
  return start + Math.ceil((end - start) / 2)
}

/** A single line's verdict as delivery puts it. */
export function asOutcome(verdict: Verdict, refusedRetryMs: number): DeliveryOutcome {
  const reason = verdict.kind === 'written' ? '' : verdict.words
  if (verdict.kind === 'written') return { kind: 'accepted' }
  if (verdict.kind === 'refuses-us') return { kind: 'retry', reason, afterMs: refusedRetryMs }
  if (verdict.kind === 'later') return { kind: 'retry', reason, ...(verdict.afterMs === undefined ? {} : { afterMs: verdict.afterMs }) }
  return { kind: 'refused', reason }
}
