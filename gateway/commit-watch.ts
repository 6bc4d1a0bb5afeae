import type { TechnicalCondition } from './kernel/contracts.ts'
import { createOwnAlarm } from './own-alarm.ts'

/** Commits since they were last asked for. */
export interface CommitTimes {
  /** 99th percentile (nearest rank) of how long they took, ms; 0 where none ended. */
  readonly p99Ms: number
  /** How long the one that is under way has been; 0: none is. */
  readonly runningMs: number
}

export interface CommitWatchDeps {
  readonly takeCommitTimes: () => CommitTimes
  readonly condition: (condition: TechnicalCondition) => void
}

/** `technical.commit`: what is acknowledged only after its commit waits too long for it. */
export interface CommitWatch {
  /** Once a second. */
  look(): void
  readonly again: () => void
}

const slowMs = 1_000
const quickMs = 500
/** So many looks in a row that say the same. */
const steadyLooks = 10

export function createCommitWatch(deps: CommitWatchDeps): CommitWatch {
  const alarm = createOwnAlarm('technical.commit', deps.condition)
  let slow = 0
  let quick = 0
  let standing = false

  return {
    look() {
      const { p99Ms, runningMs } = deps.takeCommitTimes()
      const worst = Math.max(p99Ms, runningMs)
      // One is under way and none has ended: it may become either.
      const undecided = p99Ms === 0 && runningMs > 0 && runningMs <= slowMs
      if (worst > slowMs) {
        slow++
        quick = 0
      } else if (!undecided) {
        slow = 0
        quick = worst < quickMs ? quick + 1 : 0
      }
      if (slow >= steadyLooks) standing = true
      if (quick >= steadyLooks) standing = false
      if (standing) alarm.stands('slow', `Commits take ${(worst / 1_000).toFixed(1)} s for 10 s now: readings and alarms wait for the disk. See what else writes to it and whether it is failing; for a slow SD card raise store.commitWindow`)
      else alarm.stands(null, 'Commits are quick')
    },
    again: alarm.again,
  }
}
