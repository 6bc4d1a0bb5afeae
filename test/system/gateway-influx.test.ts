import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { ownGateway } from '../support/own-gateway.ts'
import { type LedgerPublisher, startLedgerPublisher } from '../support/qos1-ledger.ts'
import { type LedgerLine, compareBooks, imbalance, ledgerOf } from '../support/reading-books.ts'
import { type RealServer, freePort, queryInfluxd, startInfluxd, startVictoriaMetrics } from '../support/servers.ts'

const start = Date.UTC(2026, 0, 1)

/** One publisher with a counter, one with its own times, one with neither in a kept session. */
function startPublishers(limen: GatewayProcess): readonly LedgerPublisher[] {
  const publishers = [
    { device: 'seq', clean: false, payload: (v: number) => `{"value":${v},"seq":${v}}` },
    { device: 'ts', clean: true, payload: (v: number) => `{"value":${v},"ts":${start + v}}` },
    { device: 'bare', clean: false, payload: String },
  ].map((set) => startLedgerPublisher({ url: limen.mqttUrl, inFlight: 30, perSecond: 1_000, ...set }))
  onTestFinished(async () => { await Promise.all(publishers.map((publisher) => publisher.end())) })
  return publishers
}

async function getOn(publishers: readonly LedgerPublisher[], count = 200): Promise<void> {
  const before = publishers.map((p) => p.acknowledged.size)
  await eventually('every publisher to get on', () => publishers.every((p, i) => p.acknowledged.size > before[i]! + count))
}

async function restart(limen: GatewayProcess, publishers: readonly LedgerPublisher[]): Promise<void> {
  await limen.kill()
  await limen.start()
  for (const publisher of publishers) publisher.moveTo(limen.mqttUrl)
}

/** All has been acknowledged and has found its end at InfluxDB; the books balance and agree with the export, and that with the publishers. */
async function closeBooks(limen: GatewayProcess, publishers: readonly LedgerPublisher[]): Promise<{ line: LedgerLine; perDevice: Map<string, number> }> {
  for (const publisher of publishers) publisher.stop()
  await Promise.all(publishers.map((p) => p.settled()))
  const sent = publishers.reduce((sum, p) => sum + p.sent(), 0)
  const line = await eventually('everything to be in InfluxDB', async () => {
    const now = await ledgerOf(limen.httpUrl, 'influx')
    expect(imbalance(now)).toBe(0)
    return now.delivered >= sent && now.queued === 0 && now
  }, 60_000)
  expect(await limen.stop()).toBe(0)
  const findings = compareBooks(publishers, (await limen.run('export', '--format', 'ndjson')).stdout)
  for (const finding of findings) expect(finding).toMatchObject({ missing: [], twice: [] })
  return { line, perDevice: new Map(findings.map(({ device, stored }) => [device, stored])) }
}

async function countInInfluxd(server: RealServer): Promise<Map<string, number>> {
  const rows = await queryInfluxd(server, 'SELECT count(value) FROM reading GROUP BY device')
  return new Map(rows.map((row) => [String(row['device']), Number(row['count'])]))
}

describe('the whole gateway on InfluxDB 1.6', () => {
  it('which dies, and comes back after the gateway was killed too: nothing missing, nothing twice', async () => {
    const server = await startInfluxd()
    onTestFinished(() => server.remove())
    const limen = await ownGateway({ yaml: `influx: { version: 1, url: "${server.url}", database: limen }\n` })
    const publishers = startPublishers(limen)
    for (let round = 0; round < 3; round++) {
      await getOn(publishers)
      await server.kill()
      await getOn(publishers)
      await restart(limen, publishers)
      await getOn(publishers)
      await server.start()
      await getOn(publishers)
      // Under way with both there: between the server's answer and the stored cursor.
      await restart(limen, publishers)
    }
    const { line, perDevice } = await closeBooks(limen, publishers)
    expect(await countInInfluxd(server)).toEqual(perDevice)
    expect(line).toMatchObject({ received: [...perDevice.values()].reduce((a, b) => a + b, 0), deadLettered: 0, dropped: { unwritable: 0, quota: 0 } })
  }, 180_000)

  it('which is not there at the start, nor at the next', async () => {
    const port = await freePort()
    const limen = await ownGateway({ yaml: `influx: { version: 1, url: "http://127.0.0.1:${port}", database: limen }\n` })
    expect((await fetch(`${limen.httpUrl}/readyz`)).status).toBe(200)
    const publishers = startPublishers(limen)
    await getOn(publishers)
    await restart(limen, publishers)
    await getOn(publishers)
    const server = await startInfluxd({ port })
    onTestFinished(() => server.remove())
    const { line, perDevice } = await closeBooks(limen, publishers)
    expect(await countInInfluxd(server)).toEqual(perDevice)
    expect(line).toMatchObject({ deadLettered: 0, dropped: { unwritable: 0, quota: 0 } })
  })
})

describe('the whole gateway on VictoriaMetrics, as an InfluxDB 2', () => {
  it('which goes away, and comes back after the gateway was killed: nothing missing, nothing twice', async () => {
    const server = await startVictoriaMetrics()
    onTestFinished(() => server.remove())
    const limen = await ownGateway({ yaml: `influx: { version: 2, url: "${server.url}", org: o, bucket: b, token: t }\n` })
    const publishers = startPublishers(limen)
    await getOn(publishers)
    // SIGTERM: it answers 204 before data is on disk, so a SIGKILL would lose what it has acknowledged.
    await server.stop()
    await getOn(publishers)
    await restart(limen, publishers)
    await getOn(publishers)
    await server.start()
    const { line, perDevice } = await closeBooks(limen, publishers)
    await fetch(`${server.url}/internal/force_flush`)
    // It keeps milliseconds, and of equal times in a series one; so the device counts that sends times of its own, each a different one.
    const text = await (await fetch(`${server.url}/api/v1/export?match[]=${encodeURIComponent('{__name__="reading_value",device="ts"}')}&start=0`)).text()
    const values = text.split('\n').filter((each) => each !== '').flatMap((each) => (JSON.parse(each) as { values: number[] }).values)
    expect(new Set(values).size).toBe(values.length)
    expect(values).toHaveLength(perDevice.get('ts')!)
    expect(line).toMatchObject({ deadLettered: 0, dropped: { unwritable: 0, quota: 0 } })
  })
})
