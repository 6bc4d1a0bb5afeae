import type { LedgerLine } from '../kernel/contracts.ts'

/** A stretch of the log (from, to] that is still to be sent. */
export interface Stretch {
  from: number
  to: number
  /** Readings in it, not yet accounted for. null: what was in the log before this target existed; counted as it is read. */
  left: number | null
  /** Readings thought to be gone with a part that the disk quota removed; put right when the stretch ends. */
  guessed: number
}

/** What came of the readings of one batch. */
export interface Outcome { readonly delivered: number; readonly deadLettered: number; readonly unwritable: number }

/** The cursor's row: positions and counters change together, or not at all. */
interface Row {
  readonly v: 1
  readonly live: Stretch
  readonly gaps: readonly Stretch[]
  readonly delivered: number
  readonly deadLettered: number
  readonly dropped: { readonly unwritable: number; readonly quota: number }
}

/** More gaps than this are merged where the least would be sent twice (which does no harm: a point overwrites itself). */
const mostGaps = 64

export interface Books {
  /** Takes up what a row says; without one, a new target that has had nothing of a log that begins at `firstPosition`. */
  load(row: string | undefined, firstPosition: number): void
  /** The newest: from the last position sent live to the last one known of. */
  live(): Stretch
  /** Oldest first. */
  gaps(): readonly Stretch[]
  /** The log goes up to `last` now, with so many more readings. */
  extend(last: number, readings: number): void
  /** The log goes up to `last`; what is in the new part will be counted as it is read. */
  extendUncounted(last: number): void
  /** The live lane starts again at the newest; what it leaves behind becomes a gap. */
  jump(): void
  /** Everything of this stretch up to `position` has found its end. */
  settle(stretch: Stretch, position: number, outcome: Outcome): void
  /** One dead letter was sent again, and taken. */
  redelivered(): void
  /** The disk quota took entries that were not sent: the log now begins at `first`. */
  removed(first: number): void
  ledger(): LedgerLine
  /** Everything up to here may be forgotten by the log. */
  position(): number
  serialise(): string
}

/**
 * The two lanes' positions and the ledger (delivery.md "InfluxDB"). Pure bookkeeping: a reading is in exactly one of
 * delivered, dead-lettered, dropped or the `left` of a stretch, so that the books balance at any moment.
 */
export function createBooks(): Books {
  let live = stretch(0, 0, 0)
  let gaps: Stretch[] = []
  let delivered = 0
  let deadLettered = 0
  let dropped = { unwritable: 0, quota: 0 }

  function pushGap(gap: Stretch): void {
    const before = gaps.at(-1)
    if (before !== undefined && before.to === gap.from && before.left !== null && gap.left !== null) {
      before.to = gap.to
      before.left += gap.left
    } else gaps.push(gap)
    if (gaps.length > mostGaps) mergeClosest()
  }

  function mergeClosest(): void {
    let best = 0
    for (let i = 1; i + 1 < gaps.length; i++) {
      if (gaps[i + 1]!.from - gaps[i]!.to < gaps[best + 1]!.from - gaps[best]!.to) best = i
    }
    const [a, b] = gaps.splice(best, 2) as [Stretch, Stretch]
    // What lies between was sent and counted: a counted stretch never accounts for more than its `left`.
    gaps.splice(best, 0, { from: a.from, to: b.to, left: a.left === null || b.left === null ? null : a.left + b.left, guessed: a.guessed + b.guessed })
  }

  /** `gone`: the quota took them while they were on their way, and they were guessed to be lost. */
  function takeFrom(lane: Stretch, count: number, gone: boolean): number {
    if (lane.left === null) return count
    const back = Math.min(gone ? count : Math.max(0, count - lane.left), lane.guessed)
    lane.guessed -= back
    lane.left += back
    dropped.quota -= back
    const taken = Math.min(count, lane.left)
    lane.left -= taken
    return taken
  }

  /** At its end a stretch holds nothing more: what is missing was removed with a part of the log. */
  function close(lane: Stretch): void {
    dropped.quota += lane.left ?? 0
    lane.left = 0
    lane.guessed = 0
  }

  function jump(): void {
    if (live.from >= live.to) return
    if (live.left !== 0) pushGap(live)
    live = stretch(live.to, live.to, 0)
  }

  return {
    load(row, firstPosition) {
      const start = Math.max(0, firstPosition - 1)
      const saved = row === undefined ? undefined : (JSON.parse(row) as Row)
      live = saved === undefined ? stretch(start, start, 0) : { ...saved.live }
      gaps = saved === undefined ? [] : saved.gaps.map((gap) => ({ ...gap }))
      delivered = saved?.delivered ?? 0
      deadLettered = saved?.deadLettered ?? 0
      dropped = { unwritable: 0, quota: 0, ...saved?.dropped }
    },
    live: () => live,
    gaps: () => gaps,
    extend(last, readings) {
      live.to = last
      live.left = (live.left ?? 0) + readings
      // Events and marks only: nothing to send.
      if (live.left === 0) live.from = last
    },
    extendUncounted(last) {
      jump()
      if (last > live.from) pushGap({ from: live.from, to: last, left: null, guessed: 0 })
      live = stretch(last, last, 0)
    },
    jump,
    settle(lane, position, outcome) {
      const gone = position <= lane.from
      deadLettered += takeFrom(lane, outcome.deadLettered, gone)
      dropped.unwritable += takeFrom(lane, outcome.unwritable, gone)
      delivered += takeFrom(lane, outcome.delivered, gone)
      lane.from = Math.max(lane.from, Math.min(position, lane.to))
      if (lane.from < lane.to) return
      close(lane)
      gaps = gaps.filter((gap) => gap !== lane)
    },
    redelivered() {
      if (deadLettered === 0) return
      deadLettered--
      delivered++
    },
    removed(first) {
      for (const lane of [...gaps, live]) {
        if (lane.to < first) {
          close(lane)
          lane.from = lane.to
        } else if (lane.from < first - 1) {
          // How many of the entries were readings is not known: as many as there can be, until the stretch ends.
          const gone = Math.min(lane.left ?? 0, first - 1 - lane.from)
          if (lane.left !== null) lane.left -= gone
          lane.guessed += gone
          dropped.quota += gone
          lane.from = first - 1
        }
      }
      gaps = gaps.filter((gap) => gap.from < gap.to)
    },
    ledger() {
      const queued = gaps.reduce((sum, gap) => sum + (gap.left ?? 0), live.left ?? 0)
      const { unwritable, quota } = dropped
      return { received: delivered + deadLettered + unwritable + quota + queued, delivered, queued, deadLettered, dropped: { ...dropped } }
    },
    position: () => Math.min(live.from, ...gaps.map((gap) => gap.from)),
    serialise: () => JSON.stringify({ v: 1, live, gaps, delivered, deadLettered, dropped } satisfies Row),
  }
}

function stretch(from: number, to: number, left: number): Stretch {
  return { from, to, left, guessed: 0 }
}
