import type { StoreReader } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { EventFilter } from './event-filter.ts'
import type { Page } from './paging.ts'
import { eventOf } from './stream.ts'

export type ShownEvent = CloudEvent & { readonly limenposition: number }

/** Pages of the events a filter wants. One page looks through a bounded stretch of the log: it may be short, or empty, and still have a next. */
export interface EventPages {
  /** `next` is the position to go on after. */
  oldestFirst(filter: EventFilter, range: { readonly after: number; readonly limit: number }): Promise<Page<ShownEvent>>
  /** No readings; `next` is the position to go on before. */
  newestFirst(filter: EventFilter, range: { readonly before: number; readonly limit: number }): Promise<Page<ShownEvent>>
}

/** So many events one page looks through at most (with readings: so many entries of the log). */
const maxLookedAt = 20_000
const eventsAtOnce = 500
const entriesAtOnce = 2_000

export function createEventPages(deps: { readonly store: StoreReader; readonly site: string }): EventPages {
  const { store } = deps

  /** `next` is equal to `after` at the end of the log. */
  async function read(filter: EventFilter, after: number): Promise<{ readonly events: readonly ShownEvent[]; readonly next: number; readonly looked: number }> {
    const { entries, next } = filter.readings
      ? await store.read({ after, limit: entriesAtOnce, kinds: ['event', 'reading'] })
      : await store.readOn({ after, limit: eventsAtOnce, ...sinceOf(filter) })
    const events = entries.flatMap((entry) => {
      const event = eventOf(entry, deps.site)
      return event !== undefined && filter.matches(event) ? [{ ...event, limenposition: entry.position }] : []
    })
    return { events, next, looked: filter.readings ? next - after : Math.max(1, entries.length) }
  }

  return {
    async oldestFirst(filter, { after, limit }) {
      const items: ShownEvent[] = []
      let position = Math.max(after, store.firstPosition() - 1)
      for (let lookedAt = 0; lookedAt < maxLookedAt; ) {
        const { events, next, looked } = await read(filter, position)
        if (next === position) return { items, next: null }
        for (const event of events) {
          items.push(event)
          if (items.length === limit) return { items, next: event.limenposition < store.lastPosition() ? String(event.limenposition) : null }
        }
        lookedAt += looked
        position = next
      }
      return { items, next: position < store.lastPosition() ? String(position) : null }
    },

    async newestFirst(filter, { before, limit }) {
      const items: ShownEvent[] = []
      let position = before
      for (let lookedAt = 0; lookedAt < maxLookedAt && position > 0; ) {
        const page = await store.readBack({ before: position, limit: eventsAtOnce, ...sinceOf(filter) })
        for (const [index, entry] of page.entries.entries()) {
          if (entry.kind !== 'event' || !filter.matches(entry.event)) continue
          items.push({ ...entry.event, limenposition: entry.position })
          if (items.length === limit) return { items, next: page.next > 0 || index < page.entries.length - 1 ? String(entry.position) : null }
        }
        lookedAt += Math.max(1, page.entries.length)
        position = page.next
      }
      return { items, next: position > 0 ? String(position) : null }
    },
  }
}

function sinceOf({ committedSince }: EventFilter): { committedSince?: number } {
  return committedSince === undefined ? {} : { committedSince }
}
