import type { TechnicalCondition } from './kernel/contracts.ts'
import type { QueueState } from './kernel/queue.ts'
import { createOwnAlarm } from './own-alarm.ts'

export interface QueueWatchDeps {
  /** Every bounded queue that may lose something: what deliveries wait in, what MQTT clients are owed. */
  readonly queues: () => Iterable<QueueState>
  readonly condition: (condition: TechnicalCondition) => void
}

/** `technical.queue`: a queue is nearly full, or drops what does not go in. */
export interface QueueWatch {
  /** Once a second. */
  look(): void
  readonly again: () => void
}

const nearlyFull = 0.9
const roomAgain = 0.7
/** So many looks without a drop, and it is over. */
const calmLooks = 60

export function createQueueWatch(deps: QueueWatchDeps): QueueWatch {
  const alarm = createOwnAlarm('technical.queue', deps.condition)
  let dropped = new Map<string, number>()
  let standing = false
  let calm = calmLooks

  /** The one to speak of: the fullest, but one that drops goes before. */
  function lookAtAll(): { worst: QueueState | undefined; drops: boolean; share: number } {
    const before = dropped
    dropped = new Map()
    let worst: QueueState | undefined
    let worstDrops = false
    let share = 0
    for (const queue of deps.queues()) {
      dropped.set(queue.id, queue.dropped)
      // What was dropped before the first look is no news.
      const drops = queue.dropped > (before.get(queue.id) ?? queue.dropped)
      share = Math.max(share, queue.share)
      if (worst !== undefined && (drops === worstDrops ? queue.share <= worst.share : worstDrops)) continue
      worst = queue
      worstDrops = drops
    }
    return { worst, drops: worstDrops, share }
  }

  return {
    look() {
      const { worst, drops, share } = lookAtAll()
      calm = drops ? 0 : calm + 1
      if (drops || share >= nearlyFull) standing = true
      else if (share < roomAgain && calm >= calmLooks) standing = false
      if (!standing || worst === undefined) return alarm.stands(null, 'Every queue has room')
      // Told with the words of this moment; which queue is the fullest may change every second.
      alarm.stands('full', `${worst.name} is ${drops ? 'full and drops what does not go in' : `${Math.floor(worst.share * 100)} % full`}: ${worst.remedy}`)
    },
    again: alarm.again,
  }
}
