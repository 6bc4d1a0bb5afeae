import type { NewEvent } from '../kernel/event.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Fault } from './sample.ts'

export interface Rejections {
  /**
   * Counts the faults of one message; gives the event that keeps them, or undefined where this device has had its share
   * (10 at once, then one in 6 s): a device that sends rubbish must not fill the log.
   */
  note(message: { readonly device: string; readonly topic: string; readonly payload: Uint8Array; readonly faults: readonly Fault[]; readonly at: number }): NewEvent | undefined
  readonly metrics: MetricSource
}

const burst = 10
const refillMs = 6_000
/** Devices whose share is remembered; the longest quiet one is forgotten first. */
const maxDevices = 10_000
const excerptBytes = 200

export function createRejections(): Rejections {
  const counts = new Map<string, number>()
  const shares = new Map<string, { tokens: number; at: number; withheld: number }>()
  let withheldTotal = 0

  return {
    note({ device, topic, payload, faults, at }) {
      for (const { reason } of faults) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      const known = shares.get(device)
      const share = known ?? { tokens: burst, at, withheld: 0 }
      if (known !== undefined) shares.delete(device)
      else if (shares.size >= maxDevices) shares.delete(shares.keys().next().value!)
      shares.set(device, share)
      share.tokens = Math.min(burst, share.tokens + (at - share.at) / refillMs)
      share.at = at
      if (share.tokens < 1) {
        share.withheld++
        withheldTotal++
        return undefined
      }
      share.tokens--
      const { withheld } = share
      share.withheld = 0
      return {
        type: 'limen.reading.rejected',
        ...(device === '' ? {} : { subject: device }),
        data: {
          device,
          topic,
          reason: faults[0]!.reason,
          faults: faults.slice(0, 20),
          payload: Buffer.from(payload.subarray(0, excerptBytes)).toString('utf8'),
          payloadBytes: payload.length,
          ...(withheld > 0 ? { withheldSince: withheld } : {}),
        },
      }
    },
    *metrics() {
      for (const [reason, value] of counts) {
        yield { name: 'limen_readings_rejected_total', help: 'What could not be read, by reason.', type: 'counter', value, labels: { reason } }
      }
      yield { name: 'limen_rejections_withheld_total', help: 'Rejections counted and not kept as events, by the rate limit per device.', type: 'counter', value: withheldTotal }
    },
  }
}
