import type { Clock } from '../../devices-sim/clock.ts'
import type { Link } from '../../devices-sim/link.ts'

export interface RecordingLink extends Link {
  readonly published: readonly { readonly topic: string; readonly payload: string; readonly atMs: number }[]
  readonly history: readonly string[]
  setUp(up: boolean): void
}

/** A link that keeps what is published, with the wall time of it, and acknowledges it at once. */
export function createRecordingLink(clock: Clock): RecordingLink {
  const published: { topic: string; payload: string; atMs: number }[] = []
  const history: string[] = []
  let isUp = true
  const note = (what: string) => () => void history.push(what)
  return {
    published, history,
    setUp: (up) => void (isUp = up),
    start: note('start'), cut: note('cut'), restore: note('restore'),
    stop: () => Promise.resolve(note('stop')()),
    up: () => isUp,
    full: () => false,
    publish: (topic, payload) => void published.push({ topic, payload, atMs: clock.wall() }),
  }
}
