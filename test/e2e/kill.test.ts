import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { startLedgerPublisher } from '../support/qos1-ledger.ts'

const rules = `rules:
  - id: high
    on: { metric: m, device: "*" }
    when: { above: 1000000000 }
`

describe('kill -9 under load', () => {
  it('loses no acknowledged reading and doubles none, with counter, with time, and with neither in a kept session', async () => {
    const limen = await startGatewayProcess({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': rules } })
    const start = Date.UTC(2026, 0, 1)
    const publishers = [
      { device: 'seq', clean: false, payload: (v: number) => `{"value":${v},"seq":${v}}` },
      { device: 'ts', clean: true, payload: (v: number) => `{"value":${v},"ts":${start + v}}` },
      { device: 'bare', clean: false, payload: (v: number) => String(v) },
      // mqtt.js resends without DUP; in a session that is not kept, and without seq or ts, nothing tells a resend from a new reading.
      { device: 'bare-clean', clean: true, mayDouble: true, payload: (v: number) => String(v) },
    ].map(({ mayDouble = false, ...set }) => ({ ...startLedgerPublisher({ url: limen.mqttUrl, inFlight: 50, ...set }), mayDouble }))
    try {
      for (let round = 0; round < 4; round++) {
        const before = publishers.map((p) => p.acknowledged.size)
        await eventually('every publisher to get on', () => publishers.every((p, i) => p.acknowledged.size > before[i]! + 300))
        // At a random moment of the commit cycle.
        await sleep(Math.random() * 60)
        await limen.kill()
        await limen.start()
        for (const publisher of publishers) publisher.moveTo(limen.mqttUrl)
      }
      for (const publisher of publishers) publisher.stop()
      await Promise.all(publishers.map((p) => p.settled()))
      await limen.stop()
      const { stdout } = await limen.run('export', '--format', 'ndjson')
      const stored = new Map(publishers.map((p) => [p.device, new Map<number, number>()]))
      for (const line of stdout.trim().split('\n')) {
        const { device, value } = JSON.parse(line) as { device: string; value: number }
        const counts = stored.get(device)!
        counts.set(value, (counts.get(value) ?? 0) + 1)
      }
      for (const { device, acknowledged, mayDouble } of publishers) {
        const counts = stored.get(device)!
        expect({ device, missing: [...acknowledged].filter((value) => !counts.has(value)) }).toEqual({ device, missing: [] })
        if (!mayDouble) expect({ device, twice: [...counts].filter(([, count]) => count > 1) }).toEqual({ device, twice: [] })
      }
    } finally {
      await Promise.all(publishers.map((p) => p.end()))
      await limen.remove()
    }
  })
})
