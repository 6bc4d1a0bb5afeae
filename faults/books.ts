import { eventually } from '../test/support/eventually.ts'
import type { GatewayProcess } from '../test/support/gateway-process.ts'
import { type LedgerPublisher, startLedgerPublisher } from '../test/support/qos1-ledger.ts'
import { compareBooks } from '../test/support/reading-books.ts'

/** One line of the report: what was claimed outside, and what the gateway has of it. */
export interface Finding {
  readonly fault: string
  readonly what: string
  readonly acknowledged: number
  readonly stored: number
  readonly missing: number
  readonly twice: number
  /** Something else that must not be; empty when all is well. */
  readonly wrong: string
}

export interface Load {
  readonly publishers: readonly LedgerPublisher[]
  /** Resolves once every publisher has so many more acknowledged. */
  getOn(count: number, timeoutMs?: number): Promise<void>
  acknowledged(): number
  moveTo(url: string): void
  /** Stops publishing, waits until all is acknowledged, stops the gateway, compares. */
  close(fault: string): Promise<readonly Finding[]>
  end(): Promise<void>
}

export const surgeRule = `rules:
  - id: surge
    on: { metric: surge, device: "*" }
    when: { above: 0 }
`

const start = Date.UTC(2026, 0, 1)

/**
 * Publishers with QoS 1 and books of their own, in this process, which outlives the gateway: with a counter, with times,
 * with neither in a kept session; and one that raises an alarm on a new device with every message.
 */
export function startLoad(limen: GatewayProcess): Load {
  const url = limen.mqttUrl
  const readings = [
    startLedgerPublisher({ url, device: 'seq', clean: false, inFlight: 40, payload: (v) => `{"value":${v},"seq":${v}}` }),
    startLedgerPublisher({ url, device: 'ts', clean: true, inFlight: 40, payload: (v) => `{"value":${v},"ts":${start + v}}` }),
    startLedgerPublisher({ url, device: 'bare', clean: false, inFlight: 40, payload: String }),
  ]
  const alarms = startLedgerPublisher({ url, device: 'alarms', clean: false, inFlight: 10, perSecond: 20, topic: (v) => `devices/box-${v}/surge`, payload: () => '{"value":1,"seq":1}' })
  const publishers = [...readings, alarms]

  return {
    publishers,
    async getOn(count, timeoutMs = 30_000) {
      const before = publishers.map((p) => p.acknowledged.size)
      await eventually('every publisher to get on', () => readings.every((p, i) => p.acknowledged.size >= before[i]! + count) && alarms.acknowledged.size > before.at(-1)!, timeoutMs)
    },
    acknowledged: () => publishers.reduce((sum, p) => sum + p.acknowledged.size, 0),
    moveTo(to) {
      for (const publisher of publishers) publisher.moveTo(to)
    },
    async close(fault) {
      for (const publisher of publishers) publisher.stop()
      await Promise.all(publishers.map((p) => p.settled()))
      const code = await limen.stop()
      const stopped = code === 0 ? '' : `it ended with ${code} when asked to stop`
      const found = compareBooks(readings, await exported(limen, 'export', '--format', 'ndjson'))
      const counts = new Map<string, number>()
      for (const line of (await exported(limen, 'export', '--alarms', '--format', 'ndjson')).split('\n')) {
        if (line === '') continue
        const { type, subject } = JSON.parse(line) as { type: string; subject: string }
        if (type === 'limen.alarm.raised' && subject.startsWith('box-')) counts.set(subject, (counts.get(subject) ?? 0) + 1)
      }
      const boxes = [...alarms.acknowledged].map((value) => `box-${value}`)
      return [
        ...found.map(({ device, acknowledged, stored, missing, twice }) => ({ fault, what: `readings, ${device}`, acknowledged, stored, missing: missing.length, twice: twice.length, wrong: stopped })),
        {
          fault, what: 'alarms raised', acknowledged: boxes.length, stored: counts.size, wrong: '',
          missing: boxes.filter((box) => !counts.has(box)).length,
          twice: [...counts.values()].filter((count) => count > 1).length,
        },
      ]
    },
    async end() {
      await Promise.all(publishers.map((p) => p.end()))
    },
  }
}

async function exported(limen: GatewayProcess, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await limen.run(...args)
  if (code !== 0) throw new Error(`limen ${args.join(' ')} ended with ${code}: ${stderr}`)
  return stdout
}
