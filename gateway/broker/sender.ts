import type { Clock } from '../kernel/clock.ts'
import type { Counters } from './counters.ts'
import type { Link } from './session.ts'
import type { BrokerLimits } from './options.ts'
import { createCorks, encodePublish, encodePubrel } from './wire.ts'
import type { PublishFrame } from './wire.ts'

/**
 * Writes to clients. Never waits for one: QoS 1 and 2 wait in the session's queue while a socket is full (`takes`),
 * QoS 0 is dropped beyond `maxBufferedBytes`, and whoever takes nothing for too long is cut.
 */
export interface Sender {
  /** Would a write now be taken without piling up? */
  takes(link: Link): boolean
  publish(link: Link, frame: PublishFrame): void
  /** An encoded QoS 0 message: best effort. */
  publish0(link: Link, bytes: Uint8Array): void
  pubrel(link: Link, messageId: number): void
  cut(link: Link, reason: string): void
  /** Cuts who has taken nothing, or sent nothing, for too long; called once a second. */
  sweep(links: Iterable<Link>): void
}

/** A sweep this much later than the last one is no ordinary delay. */
const stallMs = 3_000

export function createSender(deps: { clock: Clock; counters: Counters; limits: BrokerLimits }): Sender {
  const { clock, counters, limits } = deps
  const cork = createCorks()
  let sweptMs = clock.monotonic()

  function write(link: Link, bytes: Uint8Array): void {
    const { conn } = link
    if (conn.destroyed || conn.writableEnded) return
    cork(link)
    conn.write(bytes)
  }

  function cut(link: Link, reason: string): void {
    if (link.conn.destroyed) return
    counters.add('cut', reason)
    // Without an error: it is no fault of the connection; aedes hears of the close and publishes the will.
    link.conn.destroy()
  }

  return {
    takes: ({ conn }) => !conn.destroyed && !conn.writableNeedDrain,
    publish(link, frame) {
      counters.delivered[frame.qos]++
      write(link, encodePublish(frame))
    },
    publish0(link, bytes) {
      if (link.conn.writableLength > limits.maxBufferedBytes) {
        counters.add('dropped', 'slow')
        return
      }
      counters.delivered[0]++
      write(link, bytes)
    },
    pubrel: (link, messageId) => write(link, encodePubrel(messageId)),
    cut,
    sweep(links) {
      const now = clock.monotonic()
      // This process was not running (stopped, suspended, starved): what clients sent meanwhile is still to be read.
      const lostMs = Math.max(0, now - sweptMs - stallMs)
      sweptMs = now
      for (const link of links) {
        if (lostMs > 0) {
          link.heardMs += lostMs
          if (link.stalledSinceMs > 0) link.stalledSinceMs += lostMs
        }
        // [MQTT-3.1.2-24]; bytes that wait to be read are a sign of life too.
        if (link.keepAliveMs > 0 && now - link.heardMs > link.keepAliveMs && link.conn.readableLength === 0) cut(link, 'keepalive')
        if (!link.conn.writableNeedDrain) link.stalledSinceMs = 0
        else if (link.stalledSinceMs === 0) link.stalledSinceMs = now
        else if (now - link.stalledSinceMs >= limits.stallTimeoutMs) cut(link, 'slow')
      }
    },
  }
}
