import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/servers.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { imbalance, ledgerOf } from '../support/reading-books.ts'
import { eventually } from '../support/eventually.ts'

const MiB = 1024 ** 2
const maxSizeMiB = 8

async function sizeOf(dir: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(dir, { recursive: true })) {
    // What a checkpoint takes away between the two calls is no longer there.
    const found = await stat(join(dir, name)).catch(() => undefined)
    if (found?.isFile() === true) bytes += found.size
  }
  return bytes
}

describe('retention by size', () => {
  it('keeps the data directory bounded, gives up the oldest, and the books say how much was never sent', async () => {
    // InfluxDB is configured, and away: nothing of it is sent, so what the quota takes is lost to it.
    const limen = await ownGateway({
      yaml: `retention: { maxSize: ${maxSizeMiB}MiB }\ninflux: { version: 1, url: "http://127.0.0.1:${await freePort()}", database: limen }\n`,
    })
    const device = await ownClient(limen.mqttUrl)
    // Six times what is allowed, of text that does not compress.
    const payloadBytes = 4_000
    const count = Math.floor((6 * maxSizeMiB * MiB) / payloadBytes)
    let highest = 0
    for (let n = 0; n < count; n += 200) {
      const burst = Array.from({ length: Math.min(200, count - n) }, (_, i) => device.publishAsync('devices/cam/frame', JSON.stringify({ value: randomBytes(payloadBytes * 3 / 4).toString('base64'), seq: n + i }), { qos: 1 }))
      await Promise.all(burst)
      highest = Math.max(highest, await sizeOf(join(limen.dir, 'data')))
    }
    // The database keeps to maxSize; its write-ahead log is on top until the next checkpoint.
    expect(highest).toBeLessThan((maxSizeMiB + 16) * MiB)
    await eventually('retention to come to rest', async () => (await sizeOf(join(limen.dir, 'data'))) < (maxSizeMiB + 8) * MiB)

    const line = await ledgerOf(limen.httpUrl, 'influx')
    expect(line.received).toBe(count)
    expect(imbalance(line)).toBe(0)
    expect(line.dropped['quota']).toBeGreaterThan(count / 2)
    expect(line.delivered).toBe(0)

    expect(await limen.stop()).toBe(0)
    const kept = (await limen.run('export', '--format', 'ndjson')).stdout.trim().split('\n').map((text) => (JSON.parse(text) as { seq: number }).seq)
    // Until it gets so far, the sink takes every entry that went for a reading: a handful were the gateway's own events.
    expect(kept.length - line.queued).toBeGreaterThanOrEqual(0)
    expect(kept.length - line.queued).toBeLessThan(10)
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, i) => count - kept.length + i))
  })
})
