import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const forMs = 5_000
const rules = `rules:
  - id: lasting
    on: { metric: temp, device: "*" }
    when: { above: 50 }
    for: ${forMs / 1_000}s
`

describe('a pending delay over kill -9 (H4)', () => {
  it('counts the time before and the time after, and none of the time between', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': rules } })
    /** Publishes one true sample; when it was sent, and when it was acknowledged: on disk in between. */
    async function sample(device: Awaited<ReturnType<typeof ownClient>>): Promise<{ sent: number; acknowledged: number }> {
      const sent = Date.now()
      await device.publishAsync('devices/oven/temp', '60', { qos: 1 })
      return { sent, acknowledged: Date.now() }
    }
    const before = await ownClient(limen.mqttUrl)
    const first = await sample(before)
    let last = first
    while (last.sent < first.acknowledged + forMs / 2) {
      await sleep(50)
      last = await sample(before)
    }
    await limen.kill()
    const killed = Date.now()
    // Longer than what was left: if it counted, the alarm would come at once.
    await sleep(forMs)
    await limen.start()
    const after = await ownClient(limen.mqttUrl)
    await after.subscribeAsync('limen/alarms/#', { qos: 1 })
    const resumed = await sample(after)
    const raised = await eventually('the alarm', () => after.seen.get('limen/alarms/oven/lasting')?.[0])
    const raisedAt = Date.parse((JSON.parse(raised) as { raisedAt: string }).raisedAt)

    // Up-time is counted to the last commit: at least until `last` was sent, at most until the kill. The bounds are this
    // process's own readings of the same wall clock, so they are as wide as the machine was slow.
    const roundingMs = 5
    const most = killed - first.sent
    const least = last.sent - first.acknowledged
    expect(raisedAt).toBeGreaterThanOrEqual(resumed.sent + forMs - most - roundingMs)
    expect(raisedAt).toBeLessThanOrEqual(resumed.acknowledged + forMs - least + roundingMs)
  })
})
