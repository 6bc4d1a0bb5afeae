import type { DiskSpace } from './disk-space.ts'
import type { Store, TechnicalCondition } from './kernel/contracts.ts'
import { createOwnAlarm } from './own-alarm.ts'

export interface DiskWatchDeps {
  readonly store: Pick<Store, 'health'>
  /** Never rejects. */
  readonly space: () => Promise<DiskSpace | null>
  readonly condition: (condition: TechnicalCondition) => void
}

/** `technical.disk`: nothing can be stored, or soon nothing will be. */
export interface DiskWatch {
  /** Once a second. */
  look(): void
  readonly again: () => void
}

const rule = 'technical.disk'
/** An alarm that cannot be stored is undone with its batch; each try costs a rebuild. */
const tellEveryLooks = 5
const askEveryLooks = 10
/** Low: less than 5 % of the file system, of a large one less than 1 GiB. It must be a fifth more before that is over. */
const lowShare = 0.05
const lowBytes = 1024 ** 3
const enoughAgain = 1.2

export function createDiskWatch(deps: DiskWatchDeps): DiskWatch {
  const alarm = createOwnAlarm(rule, deps.condition)
  /** Why nothing could be stored at the last look. */
  let trouble: string | undefined
  let failedLooks = 0
  let looks = 0
  let low: DiskSpace | undefined

  function judge(space: DiskSpace | null): void {
    if (space === null) return
    const bound = Math.min(space.totalBytes * lowShare, lowBytes)
    if (space.freeBytes < bound) low ??= space
    else if (space.freeBytes >= bound * enoughAgain) low = undefined
  }

  function look(): void {
    if (looks++ % askEveryLooks === 0) void deps.space().then(judge)
    const { writable, reason = 'unknown' } = deps.store.health()
    if (!writable) {
      trouble = reason
      // To try again is also how a gateway with nothing else to store finds out that there is room.
      if (failedLooks++ % tellEveryLooks === 0) deps.condition({ rule, active: true, message: `The store takes no writes: ${reason}. ${remedyOf(reason)}` })
      return
    }
    if (trouble !== undefined) {
      // It may never have been stored; now it is known to the journal and to whoever is told, from beginning to end.
      if (low !== undefined) deps.condition({ rule, active: false, message: 'something else was wrong' })
      deps.condition({ rule, active: true, message: `The store took no writes: ${trouble}` })
      deps.condition({ rule, active: false, message: 'The store takes writes again' })
      trouble = undefined
      failedLooks = 0
      alarm.again()
    }
    if (low === undefined) alarm.stands(null, 'There is room where the data is')
    else alarm.stands('low', `Only ${sizeText(low.freeBytes)} of ${sizeText(low.totalBytes)} are free where the data is. Free some, or lower retention.maxSize: with nothing left nothing more is stored`)
  }

  return { look, again: alarm.again }
}

function remedyOf(reason: string): string {
  return reason === 'the disk is full' ? 'Free some space on its file system' : 'Look at the disk and at the rights of the data directory'
}

function sizeText(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`
}
