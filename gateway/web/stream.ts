import type { Cancel, Clock } from '../kernel/clock.ts'
import type { LogEntry, StoreReader } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { Logger } from '../kernel/log.ts'
import type { EventFilter } from './event-filter.ts'
import { readingType } from './event-filter.ts'

/** Where a stream is written to: one HTTP response, as a rule. */
export interface Sink {
  write(text: string): void
  /** Bytes written that have not left for the client's machine. */
  unsentBytes(): number
  /** Calls back once there is room again. */
  onceDrained(callback: () => void): void
  end(): void
}

export interface Subscriber {
  readonly sink: Sink
  readonly filter: EventFilter
  /** The last position the subscriber has; undefined: begin with what comes now. */
  readonly after: number | undefined
  /** May it still be served? Asked with every heartbeat, and whenever credentials change. */
  readonly allowed: () => boolean
}

/**
 * Server-sent events from the log, behind a cursor per subscriber: everything exactly once, in order, from wherever it left off.
 * Those at the end of the log share one reader, and equal filters one text; who is behind, or slow, reads for itself and joins
 * the others when it has caught up. So what waits for a slow client is in the log, not in memory; who takes nothing for 30 s is cut.
 */
export interface EventStream {
  start(): void
  /** Ends every stream. */
  stop(): void
  full(): boolean
  /** Gives a function to be called when the client has gone. */
  join(subscriber: Subscriber): () => void
  recheck(): void
  counts(): { readonly clients: number; readonly cut: number; readonly sent: number }
}

interface Client extends Subscriber { cursor: number; live: boolean; gone: boolean; cancelStall: Cancel | undefined }

const heartbeatMs = 15_000
const stalledMs = 30_000
/** Above this a client waits for its socket before it gets more; with one page more it stays far below 1 MiB. */
const maxUnsentBytes = 64 * 1024
const livePage = 1_000
const ownPage = 200
const maxLiveChunk = 256 * 1024

export function createEventStream(options: { site: string; maxClients?: number }, deps: { store: StoreReader; clock: Clock; logger: Logger }): EventStream {
  const { site, maxClients = 200 } = options
  const { store, clock, logger } = deps
  const clients = new Set<Client>()
  let unfollow: (() => void) | undefined
  let cancelBeat: Cancel | undefined
  /** What those at the end of the log have been given. */
  let position = 0
  let pumping = false
  let again = false
  let cut = 0
  let sent = 0

  const live = () => [...clients].filter((client) => client.live)

  /** Reads on for all who are at the end, one read at a time. */
  async function pump(): Promise<void> {
    again = true
    if (pumping) return
    pumping = true
    try {
      for (let members = live(); members.length > 0; members = live()) {
        again = false
        const withReadings = members.some((client) => client.filter.readings)
        const page = await store.read({ after: position, limit: livePage, kinds: withReadings ? ['event', 'reading'] : ['event'] })
        // Whoever called meanwhile may have seen a commit that this read has not.
        if (page.next === position && !again) return
        distribute(page.entries, { next: page.next, withReadings })
        position = page.next
      }
    } catch (thrown) {
      // Whoever is live falls behind and reads for itself; a client that resumes loses nothing.
      logger.warn({ err: asError(thrown) }, 'the log could not be read for the streams')
      for (const client of live()) leave(client)
    } finally {
      pumping = false
    }
  }

  function distribute(entries: readonly LogEntry[], { next, withReadings }: { next: number; withReadings: boolean }): void {
    const chunks = new Map<string, { text: string; count: number }>()
    for (const client of live()) {
      if (client.cursor >= next) continue
      if (client.filter.readings && !withReadings) {
        fallBehind(client)
        continue
      }
      const key = `${client.cursor} ${client.filter.key}`
      const chunk = chunks.get(key) ?? framesOf(entries, client)
      chunks.set(key, chunk)
      if (chunk.text.length > maxLiveChunk) {
        fallBehind(client)
        continue
      }
      give(client, chunk, next)
      if (client.sink.unsentBytes() > maxUnsentBytes) fallBehind(client)
    }
  }

  function framesOf(entries: readonly LogEntry[], client: Client): { text: string; count: number } {
    let text = ''
    let count = 0
    for (const entry of entries) {
      if (entry.position <= client.cursor) continue
      const event = eventOf(entry, site)
      if (event === undefined || !client.filter.matches(event)) continue
      text += frame(entry.position, event)
      count++
    }
    return { text, count }
  }

  function give(client: Client, chunk: { text: string; count: number }, next: number): void {
    if (chunk.text !== '') client.sink.write(chunk.text)
    client.cursor = next
    sent += chunk.count
  }

  function fallBehind(client: Client): void {
    client.live = false
    catchUp(client).catch((thrown: unknown) => {
      logger.warn({ err: asError(thrown) }, 'the log could not be read for a stream')
      leave(client)
    })
  }

  async function catchUp(client: Client): Promise<void> {
    while (!client.gone) {
      if (client.sink.unsentBytes() > maxUnsentBytes) {
        await drained(client)
        continue
      }
      const page = await store.read({ after: client.cursor, limit: ownPage, kinds: client.filter.readings ? ['event', 'reading'] : ['event'] })
      if (client.gone) return
      if (page.next > client.cursor) {
        give(client, framesOf(page.entries, client), page.next)
        continue
      }
      // At the end of the log. The shared reader begins here if it has nobody yet.
      if (!pumping && live().length === 0) position = client.cursor
      if (client.cursor < position) continue
      client.live = true
      await pump()
      return
    }
  }

  function drained(client: Client): Promise<void> {
    return new Promise((resolve) => {
      client.cancelStall = clock.after(stalledMs, () => {
        cut++
        leave(client)
        resolve()
      })
      client.sink.onceDrained(() => {
        client.cancelStall?.()
        resolve()
      })
    })
  }

  function leave(client: Client): void {
    if (client.gone) return
    client.gone = true
    client.live = false
    clients.delete(client)
    client.cancelStall?.()
    client.sink.end()
  }

  function recheck(): void {
    for (const client of clients) if (!client.allowed()) leave(client)
  }

  function beat(): void {
    recheck()
    // An id without data moves Last-Event-ID on without an event (HTML, "dispatch the event"): a quiet filter does not fall out of the log.
    for (const client of live()) client.sink.write(`: beat\nid: ${client.cursor}\n\n`)
    cancelBeat = clock.after(heartbeatMs, beat)
  }

  return {
    start() {
      unfollow ??= store.follow(() => {
        if (clients.size > 0) void pump()
      })
      cancelBeat ??= clock.after(heartbeatMs, beat)
    },
    stop() {
      unfollow?.()
      cancelBeat?.()
      unfollow = cancelBeat = undefined
      for (const client of clients) leave(client)
    },
    full: () => clients.size >= maxClients,
    join(subscriber) {
      const last = store.lastPosition()
      const asked = subscriber.after ?? last
      const first = Math.max(0, store.firstPosition() - 1)
      const cursor = asked > last ? last : Math.max(asked, first)
      const client: Client = { ...subscriber, cursor, live: false, gone: false, cancelStall: undefined }
      clients.add(client)
      client.sink.write('retry: 2000\n\n')
      if (cursor !== asked) client.sink.write(gap(asked, cursor))
      fallBehind(client)
      return () => leave(client)
    },
    recheck,
    counts: () => ({ clients: clients.size, cut, sent }),
  }
}

/** The log no longer holds what came after `after` (or it is another log): said, not passed over. */
function gap(after: number, cursor: number): string {
  return `id: ${cursor}\nevent: gap\ndata: ${JSON.stringify({ after, resumedAfter: cursor })}\n\n`
}

function frame(position: number, event: CloudEvent): string {
  return `id: ${position}\nevent: ${event.type.replace(/\p{Cc}+/gu, ' ')}\ndata: ${JSON.stringify(event)}\n\n`
}

/** A reading as the event it would be if it were posted; marks are for replays only. */
export function eventOf(entry: LogEntry, site: string): CloudEvent | undefined {
  if (entry.kind === 'event') return entry.event
  if (entry.kind === 'mark') return undefined
  const { device, metric, value, ts, seq, unit, quality } = entry.reading
  return {
    specversion: '1.0',
    id: String(entry.position),
    type: readingType,
    source: site,
    subject: device,
    time: new Date(ts).toISOString(),
    data: { device, metric, value, ts, ...(seq === undefined ? {} : { seq }), ...(unit === undefined ? {} : { unit }), quality },
  }
}
