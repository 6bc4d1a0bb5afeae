import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket, WebSocketServer } from 'ws'
import type { Cancel, Clock } from '../kernel/clock.ts'
import { asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Access } from './access.ts'
import { hasRole } from './access.ts'
import { createEventFilter } from './event-filter.ts'
import type { LiveValues } from './live-values.ts'
import { badRequest, HttpProblem, problemOf } from './problem.ts'
import type { EventStream, Sink } from './stream.ts'
import { refuseUpgrade } from './upgrades.ts'
import { readWatch } from './watch-message.ts'

export const livePath = '/api/v1/live'

/**
 * The dashboard's socket (docs/decisions/live-socket.md). To the client: text messages of whole frames, those of the event
 * stream and, without an id, `pulse` and `values`. From the client: `{"watch": [device…]}`. It is one of the stream's
 * clients in every respect: bound, back-pressure, resuming, rights that are looked at again.
 */
export interface LiveSockets {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Takes no more, and tells those there are (1001); resolves when all have gone. Who does not go within a second is cut. */
  stop(): Promise<void>
  count(): number
}

export interface LiveSocketsDeps {
  readonly access: Access
  readonly stream: Pick<EventStream, 'full' | 'join'>
  readonly values: LiveValues
  readonly clock: Clock
  readonly logger: Logger
}

const maxMessageBytes = 64 * 1024
/** Messages and pings of one client: so many at once, and so many a second. */
const burst = 20
const perSecond = 5
/** Below this a client that waited for its socket goes on. */
const drainedBytes = 16 * 1024
const goingAwayMs = 1_000

/** [RFC 6455, 7.4.1] */
const closeCodes = { goingAway: 1001, policy: 1008, tryAgain: 1013 } as const

export function createLiveSockets({ access, stream, values, clock, logger }: LiveSocketsDeps): LiveSockets {
  const sockets = new Set<WebSocket>()
  let server: Promise<WebSocketServer> | undefined
  let stopping: (() => void) | undefined
  let stopped: Promise<void> | undefined

  function allowed(request: IncomingMessage): boolean {
    const caller = access.callerOf(request, { touch: false })
    return caller !== undefined && hasRole(caller.principal, 'viewer')
  }

  /** Throws what a request would be answered. Gives the position to go on after. */
  function admit(request: IncomingMessage): number | undefined {
    if (!access.allowOrigin(request)) throw new HttpProblem('FORBIDDEN', 'this WebSocket comes from a page of another origin')
    const caller = access.callerOf(request)
    if (caller === undefined) throw new HttpProblem('UNAUTHENTICATED', 'log in first: POST /api/v1/login, or the page /login')
    if (!hasRole(caller.principal, 'viewer')) throw new HttpProblem('FORBIDDEN', 'this needs the role viewer')
    if (stopped !== undefined) throw new HttpProblem('STOPPING', 'the gateway is stopping', { headers: { 'retry-after': '5' } })
    if (stream.full()) throw new HttpProblem('OVERLOADED', 'as many streams as are allowed are open; close one', { headers: { 'retry-after': '10' } })
    return readAfter(request.url ?? '')
  }

  async function take(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    admit(request)
    // Loaded with the first dashboard that opens: no other request needs it.
    const { handleUpgrade } = await load()
    // Others may have come meanwhile, or the end.
    const after = admit(request)
    if (socket.destroyed) return
    request.socket.setNoDelay(true)
    handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, request, after))
  }

  async function load(): Promise<{ handleUpgrade: WebSocketServer['handleUpgrade'] }> {
    server ??= import('ws').then(({ WebSocketServer: Server }) => new Server({ noServer: true, clientTracking: false, maxPayload: maxMessageBytes, perMessageDeflate: false }))
    const loaded = await server
    return { handleUpgrade: loaded.handleUpgrade.bind(loaded) }
  }

  function serve(webSocket: WebSocket, request: IncomingMessage, after: number | undefined): void {
    let refused: string | undefined
    const sink = sinkOf(webSocket, () => {
      watcher.leave()
      if (refused !== undefined) return [closeCodes.policy, refused]
      if (stopped !== undefined) return [closeCodes.goingAway, 'the gateway is stopping']
      return allowed(request) ? [closeCodes.tryAgain, 'the stream was ended; come again'] : [closeCodes.policy, 'not allowed any more']
    })
    const spend = allowance(clock)
    sockets.add(webSocket)
    const watcher = values.join(sink)
    const leave = stream.join({ sink, filter: createEventFilter({}), after, allowed: () => allowed(request) })

    function refuse(reason: string): void {
      refused = reason
      leave()
    }

    webSocket.on('message', (data: RawData, isBinary: boolean) => {
      if (webSocket.readyState !== webSocket.OPEN) return
      if (!spend()) return refuse('too many messages')
      const read = isBinary ? { wrong: 'expected text' } : readWatch(textOf(data))
      if ('wrong' in read) refuse(read.wrong)
      else watcher.watch(read.watch)
    })
    // Each is answered, whether the client reads or not.
    webSocket.on('ping', () => {
      if (!spend()) webSocket.terminate()
    })
    // ws closes by itself, with the code that fits.
    webSocket.on('error', (error) => logger.debug({ err: error }, 'a live socket failed'))
    webSocket.on('close', () => {
      sockets.delete(webSocket)
      leave()
      watcher.leave()
      if (sockets.size === 0) stopping?.()
    })
  }

  async function end(): Promise<void> {
    if (sockets.size === 0) return
    let cancel: Cancel = () => {}
    const { promise, resolve } = Promise.withResolvers<void>()
    stopping = resolve
    for (const socket of sockets) if (socket.readyState === socket.OPEN) endPolitely(socket, closeCodes.goingAway, 'the gateway is stopping')
    cancel = clock.after(goingAwayMs, () => {
      for (const socket of sockets) socket.terminate()
    })
    await promise
    cancel()
  }

  return {
    upgrade(request, socket, head) {
      // Node takes its own listener off an upgraded socket: without one, a reset would end the process.
      socket.on('error', () => socket.destroy())
      take(request, socket, head).catch((thrown: unknown) => {
        const { problem, internal } = problemOf(thrown)
        if (internal) logger.error({ err: asError(thrown) }, 'a live socket could not be opened')
        refuseUpgrade(request, socket, problem)
      })
    },
    stop: () => (stopped ??= end()),
    count: () => sockets.size,
  }
}

function readAfter(url: string): number | undefined {
  const query = new URLSearchParams(url.split('?', 2)[1] ?? '')
  const unknown = [...query.keys()].find((name) => name !== 'after')
  if (unknown !== undefined) throw badRequest([{ member: unknown.slice(0, 100), detail: 'is not known here; there is after' }])
  const after = query.get('after')
  if (after === null) return undefined
  if (!/^\d{1,15}$/.test(after)) throw badRequest([{ member: 'after', detail: 'expected a position in the log' }])
  return Number(after)
}

/** A WebSocket as the event stream writes to it. `endWith` says with which code and reason it is to end. */
function sinkOf(webSocket: WebSocket, endWith: () => readonly [code: number, reason: string]): Sink {
  const waiting = new Set<() => void>()

  function wake(): void {
    if (webSocket.bufferedAmount > drainedBytes && webSocket.readyState !== webSocket.CLOSED) return
    for (const callback of waiting) callback()
    waiting.clear()
  }

  webSocket.on('close', wake)
  return {
    write: (text) => webSocket.send(text, wake),
    unsentBytes: () => webSocket.bufferedAmount,
    onceDrained(callback) {
      waiting.add(callback)
      setImmediate(wake)
    },
    end() {
      const [code, reason] = endWith()
      endPolitely(webSocket, code, reason)
    },
  }
}

/** A client that does not read would never see a polite end. */
function endPolitely(webSocket: WebSocket, code: number, reason: string): void {
  if (webSocket.bufferedAmount > drainedBytes) webSocket.terminate()
  else webSocket.close(code, reason)
}

/** Gives a function that says whether one more is allowed now. */
function allowance(clock: Clock): () => boolean {
  let left = burst
  let atMs = clock.monotonic()
  return () => {
    const now = clock.monotonic()
    left = Math.min(burst, left + ((now - atMs) / 1_000) * perSecond)
    atMs = now
    if (left < 1) return false
    left--
    return true
  }
}

function textOf(data: RawData): string {
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Buffer).toString('utf8')
}
