import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { inbox, startBroker } from '../support/broker.ts'
import type { BrokerRig } from '../support/broker.ts'
import { eventually } from '../support/eventually.ts'

describe('delivery between clients', () => {
  let rig: BrokerRig
  beforeEach(async () => {
    rig = await startBroker()
  })
  afterEach(() => rig.stop())

  it.each([
    [0, 0, 0], [0, 2, 0], [1, 0, 0], [1, 1, 1], [1, 2, 1], [2, 0, 0], [2, 1, 1], [2, 2, 2],
  ] as const)('QoS %i published to a subscription of QoS %i arrives once at QoS %i', async (published, subscribed, arriving) => {
    const subscriber = await rig.client()
    const publisher = await rig.client()
    const received = inbox(subscriber)
    await subscriber.subscribeAsync('a/+', { qos: subscribed })
    await publisher.publishAsync('a/b', 'first', { qos: published })
    await publisher.publishAsync('a/b', 'last', { qos: published })
    await eventually('both messages', () => received.length >= 2)
    expect(received.map(({ payload, qos, retain }) => [payload, qos, retain])).toEqual([['first', arriving, false], ['last', arriving, false]])
  })
})
