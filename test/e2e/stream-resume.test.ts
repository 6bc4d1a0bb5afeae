import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownGateway } from '../support/own-gateway.ts'
import { startLedgerPublisher } from '../support/qos1-ledger.ts'
import { type Frame, openStream } from '../support/sse-client.ts'

describe('the event stream over kill -9', () => {
  it('goes on after Last-Event-ID without a gap and without a repeat', async () => {
    const limen = await ownGateway()
    const publisher = startLedgerPublisher({ url: limen.mqttUrl, device: 'bed', clean: false, inFlight: 20, perSecond: 500, payload: (v) => `{"value":${v},"seq":${v}}` })
    onTestFinished(() => publisher.end())
    const seen: { id: number; value: number }[] = []
    const gaps: string[] = []

    /** Follows until `enough` readings are seen or the connection breaks, as a browser does that reconnects. */
    async function follow(enough: () => boolean): Promise<void> {
      const last = seen.at(-1)?.id ?? 0
      const stream = await openStream(`${limen.httpUrl}/api/v1/stream?types=limen.reading`, { 'last-event-id': String(last) })
      let taken = 0
      const take = (frames: readonly Frame[]): boolean => {
        for (const { id, event, data } of frames.slice(taken)) {
          taken++
          if (event === 'gap') gaps.push(data ?? '')
          else if (data !== undefined) seen.push({ id: Number(id), value: (JSON.parse(data) as { data: { value: number } }).data.value })
        }
        return enough()
      }
      take(await stream.until(take))
      await stream.close()
    }

    for (let round = 0; round < 3; round++) {
      const before = seen.length
      const following = follow(() => false)
      await eventually('the stream to get on', () => publisher.acknowledged.size > before + 150)
      await limen.kill()
      await following
      await limen.start()
      publisher.moveTo(limen.mqttUrl)
    }
    publisher.stop()
    await publisher.settled()
    await follow(() => seen.length >= publisher.sent())

    expect(gaps).toEqual([])
    expect(seen.map(({ id }) => id)).toEqual([...new Set(seen.map(({ id }) => id))].sort((a, b) => a - b))
    expect(seen.map(({ value }) => value).sort((a, b) => a - b)).toEqual(Array.from({ length: publisher.sent() }, (_, i) => i))
  })
})
