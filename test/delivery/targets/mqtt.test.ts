import { type AddressInfo, type Server, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { Aedes } from 'aedes'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type MqttTargetOptions, createMqttTarget } from '../../../gateway/delivery/targets/mqtt.ts'
import type { Publication, Target } from '../../../gateway/kernel/contracts.ts'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import { silentLogger } from '../../../gateway/kernel/log.ts'
import { createSecret } from '../../../gateway/kernel/secret.ts'
import { type OtherSide, describeTarget, makeDelivery } from '../../contract/target.ts'
import { createMemoryStore } from '../../support/memory-store.ts'

const options: MqttTargetOptions = { url: undefined, topic: 'sites/${source}/${type}', qos: 1, username: undefined, password: undefined }

interface OtherBroker extends OtherSide {
  readonly url: string
  readonly published: { readonly topic: string; readonly qos: number; readonly username: string | undefined }[]
}

/** A real aedes of another site. */
async function createOtherBroker(): Promise<OtherBroker> {
  const events: CloudEvent[] = []
  const published: OtherBroker['published'] = []
  let hangs = false
  const sockets = new Set<Socket>()
  const users = new Map<string, string | undefined>()
  const broker = await Aedes.createBroker({
    authenticate(client, username, _password, done) {
      users.set(client.id, username)
      done(null, true)
    },
    authorizePublish(client, packet, done) {
      if (hangs) return
      events.push(JSON.parse(packet.payload.toString()) as CloudEvent)
      published.push({ topic: packet.topic, qos: packet.qos, username: client === null ? undefined : users.get(client.id) })
      done(null)
    },
  })
  let server = await listen(0)
  const { port } = server.address() as AddressInfo

  async function listen(on: number): Promise<Server> {
    const made = createServer((socket) => {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      broker.handle(socket)
    })
    await new Promise<void>((resolve, reject) => made.once('error', reject).listen(on, '127.0.0.1', resolve))
    return made
  }

  async function goAway(): Promise<void> {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }

  return {
    url: `mqtt://127.0.0.1:${port}`,
    published,
    received: () => events,
    goAway,
    async comeBack() {
      server = await listen(port)
    },
    hang(on) { hangs = on },
    async stop() {
      await goAway()
      await new Promise<void>((resolve) => broker.close(resolve))
    },
  }
}

function makeTarget(members: Partial<MqttTargetOptions>, announced: Publication[] = [], store = createMemoryStore({ auto: true })): Target {
  return createMqttTarget({ ...options, ...members }, { announcer: { announce: (publication) => announced.push(publication) }, store, logger: silentLogger })
}

describeTarget('MQTT at another broker', {
  remote: true,
  async open() {
    const other = await createOtherBroker()
    return { target: makeTarget({ url: other.url }), other }
  },
})

describeTarget('MQTT at this broker', {
  remote: false,
  async open() {
    const announced: Publication[] = []
    return {
      target: makeTarget({}, announced),
      other: { received: () => announced.map(({ payload }) => JSON.parse(String(payload))), goAway: async () => {}, comeBack: async () => {}, hang() {}, stop: async () => {} },
    }
  },
})

describe('MQTT at another broker', () => {
  it('publishes under the filled topic, with QoS and credentials', async () => {
    const other = await createOtherBroker()
    onTestFinished(() => other.stop())
    for (const qos of [0, 1, 2] as const) {
      const target = makeTarget({ url: other.url, qos, username: 'site', password: createSecret('pw') })
      expect(await target.send([makeDelivery()], AbortSignal.timeout(5_000))).toEqual([{ kind: 'accepted' }])
      await expect.poll(() => other.published).toHaveLength(qos + 1)
      await target.stop?.()
    }
    expect(other.published.map(({ topic, username }) => [topic, username])).toEqual(Array(3).fill(['sites/ward-3/limen.alarm.raised', 'site']))
    expect(other.published.map(({ qos }) => qos)).toEqual([0, 1, 2])
  })

  it('says why when nobody listens there', async () => {
    const other = await createOtherBroker()
    await other.stop()
    const target = makeTarget({ url: other.url })
    expect(await target.send([makeDelivery()], AbortSignal.timeout(5_000))).toMatchObject([{ kind: 'retry', reason: expect.stringContaining('ECONNREFUSED') as string }])
    await target.stop?.()
  })

  it('refuses an event that lacks what its topic needs', async () => {
    const target = makeTarget({ url: 'mqtt://127.0.0.1:1', topic: 'a/${data.nothing}' })
    expect(await target.send([makeDelivery()], AbortSignal.timeout(5_000))).toMatchObject([{ kind: 'refused' }])
  })
})

describe('MQTT at this broker', () => {
  it('is accepted only once it is on disk', async () => {
    const store = createMemoryStore()
    const announced: Publication[] = []
    const sending = makeTarget({}, announced, store).send([makeDelivery()], AbortSignal.timeout(5_000))
    expect(announced).toMatchObject([{ topic: 'sites/ward-3/limen.alarm.raised', qos: 1, retain: false }])
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    expect(await sending).toEqual([{ kind: 'retry', reason: 'not stored: disk full' }])
  })
})
