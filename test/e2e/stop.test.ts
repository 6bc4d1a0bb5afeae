import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownGateway } from '../support/own-gateway.ts'
import { startLedgerPublisher } from '../support/qos1-ledger.ts'
import { compareBooks } from '../support/reading-books.ts'

describe('SIGTERM under load', () => {
  it('ends it with 0 within 10 s, and loses and doubles nothing', async () => {
    const limen = await ownGateway()
    const publishers = [
      startLedgerPublisher({ url: limen.mqttUrl, device: 'seq', clean: false, inFlight: 30, payload: (v) => `{"value":${v},"seq":${v}}` }),
      startLedgerPublisher({ url: limen.mqttUrl, device: 'bare', clean: false, inFlight: 30, payload: String }),
    ]
    onTestFinished(async () => { await Promise.all(publishers.map((publisher) => publisher.end())) })
    for (let round = 0; round < 3; round++) {
      const before = publishers.map((p) => p.acknowledged.size)
      await eventually('every publisher to get on', () => publishers.every((p, i) => p.acknowledged.size > before[i]! + 200))
      const asked = performance.now()
      expect(await limen.stop()).toBe(0)
      expect(performance.now() - asked).toBeLessThan(10_000)
      await limen.start()
      for (const publisher of publishers) publisher.moveTo(limen.mqttUrl)
    }
    for (const publisher of publishers) publisher.stop()
    await Promise.all(publishers.map((p) => p.settled()))
    expect(await limen.stop()).toBe(0)
    for (const finding of compareBooks(publishers, (await limen.run('export', '--format', 'ndjson')).stdout)) {
      expect(finding).toMatchObject({ missing: [], twice: [] })
    }
  })
})
