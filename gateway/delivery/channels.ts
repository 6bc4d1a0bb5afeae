import type { Row } from './row.ts'

/** After so many failed attempts a channel counts as dead for what it was to carry. */
const failuresOfDeadChannel = 3

/** Watches raises of high priority: is there one that no channel at all gets through? */
export interface Channels {
  /** Forgets everything: before a restore. */
  clear(): void
  /** A row was queued, tried in vain, restored. */
  waiting(row: Row): void
  delivered(row: ChannelRow): void
  deadLettered(row: ChannelRow): void
  /** It will not be sent any more: superseded, discarded. */
  gone(row: ChannelRow): void
  /** Alarm ids that nobody can be told of, with their channels; the first few. */
  unreachable(): readonly { readonly alarmId: string; readonly targets: readonly string[] }[]
}

type ChannelRow = Pick<Row, 'kind' | 'priority' | 'alarmId' | 'occurrence' | 'seq' | 'target' | 'channels'>

interface Group {
  readonly alarmId: string
  readonly channels: number
  readonly state: Map<string, 'waiting' | 'failing' | 'dead'>
}

/** Holds only raises of high priority that have not reached anybody and still wait or lie dead: bounded as outbox and dead letters are. */
export function createChannels(): Channels {
  const groups = new Map<string, Group>()
  const unreachable = new Map<string, Group>()

  function group(row: ChannelRow): [string, Group] | undefined {
    if (row.kind !== 'raise' || row.priority !== 'high') return undefined
    const key = `${row.alarmId}/${row.occurrence}/${row.seq}`
    return [key, groups.get(key) ?? { alarmId: row.alarmId, channels: row.channels, state: new Map() }]
  }

  function set(row: ChannelRow, state: 'waiting' | 'failing' | 'dead'): void {
    const found = group(row)
    if (found === undefined) return
    const [key, entry] = found
    groups.set(key, entry)
    entry.state.set(row.target, state)
    judge(key, entry)
  }

  function judge(key: string, entry: Group): void {
    // Fewer than were sent out: one of them got through, or was taken back.
    const dead = entry.state.size === entry.channels && ![...entry.state.values()].includes('waiting')
    if (dead) unreachable.set(key, entry)
    else unreachable.delete(key)
  }

  function leave(row: ChannelRow): void {
    const found = group(row)
    if (found === undefined) return
    const [key, entry] = found
    entry.state.delete(row.target)
    if (entry.state.size === 0) groups.delete(key)
    judge(key, entry)
  }

  return {
    clear() {
      groups.clear()
      unreachable.clear()
    },
    waiting: (row) => set(row, row.attempts >= failuresOfDeadChannel ? 'failing' : 'waiting'),
    delivered: leave,
    deadLettered: (row) => set(row, 'dead'),
    gone: leave,
    unreachable: () => [...unreachable.values()].slice(0, 3).map(({ alarmId, state }) => ({ alarmId, targets: [...state.keys()] })),
  }
}
