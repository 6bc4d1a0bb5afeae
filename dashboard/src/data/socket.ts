import { readFrames } from './frames.ts'
import type { Frame } from './frames.ts'

/** The part of a WebSocket that is used. */
export interface Wire {
  onopen: (() => void) | null
  onmessage: ((event: { data: unknown }) => void) | null
  onclose: ((event: { code: number }) => void) | null
  send(text: string): void
  close(): void
}

export interface LiveSocketDeps {
  /** Opens `/api/v1/live`, after this position where one is known. */
  readonly open: (after: number | undefined) => Wire
  readonly onFrame: (frame: Frame) => void
  /** `live`: open and heard of; `away`: not, or silent for too long. Called at changes only. */
  readonly onState: (state: 'live' | 'away') => void
  readonly setTimer: (run: () => void, ms: number) => () => void
  /** [0, 1), for jitter. */
  readonly random: () => number
}

export interface LiveSocket {
  /** Begins after this position of the log. */
  start(after: number): void
  stop(): void
  /** Which devices' values are wanted; said again after each reconnect. */
  watch(devices: readonly string[]): void
  /** Tries at once, where it waits for its next try. */
  retry(): void
}

/** A pulse comes every second: silence for so long means that the stream is away, whatever the socket says. */
const silenceMs = 5_000
const firstRetryMs = 500
const longestRetryMs = 10_000

/** One socket that always comes back and goes on after the last position it saw. */
export function createLiveSocket(deps: LiveSocketDeps): LiveSocket {
  let wire: Wire | undefined
  let isOpen = false
  let position: number | undefined
  let watched: readonly string[] = []
  /** Undefined: not known yet. A gateway that went before it was heard is away, too. */
  let state: 'live' | 'away' | undefined
  let tries = 0
  let running = false
  let cancelSilence = (): void => {}
  let cancelRetry: (() => void) | undefined

  function become(next: 'live' | 'away'): void {
    if (state === next) return
    state = next
    deps.onState(next)
  }

  function connect(): void {
    cancelRetry = undefined
    const own = deps.open(position)
    wire = own
    isOpen = false
    own.onopen = () => {
      if (wire !== own) return
      isOpen = true
      if (watched.length > 0) own.send(JSON.stringify({ watch: watched }))
    }
    own.onmessage = ({ data }) => {
      if (wire !== own || typeof data !== 'string') return
      tries = 0
      become('live')
      listen(own)
      for (const frame of readFrames(data)) {
        if (frame.id !== undefined) position = frame.id
        deps.onFrame(frame)
      }
    }
    own.onclose = () => lost(own)
    listen(own)
  }

  function listen(own: Wire): void {
    cancelSilence()
    cancelSilence = deps.setTimer(() => {
      own.close()
      lost(own)
    }, silenceMs)
  }

  function lost(own: Wire): void {
    if (wire !== own) return
    wire = undefined
    isOpen = false
    cancelSilence()
    become('away')
    if (!running) return
    const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** tries++)
    cancelRetry = deps.setTimer(connect, waitMs * (0.5 + deps.random() / 2))
  }

  return {
    start(after) {
      position = after
      running = true
      connect()
    },
    stop() {
      running = false
      cancelRetry?.()
      cancelSilence()
      wire?.close()
      wire = undefined
      isOpen = false
    },
    watch(devices) {
      watched = devices
      if (isOpen) wire?.send(JSON.stringify({ watch: devices }))
    },
    retry() {
      if (cancelRetry === undefined) return
      cancelRetry()
      tries = 0
      connect()
    },
  }
}
