import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import type { AedesPublishPacket } from 'aedes'

export interface BareBroker {
  readonly url: string
  readonly port: number
  /** Everything published by clients, in order. */
  readonly published: readonly { readonly topic: string; readonly payload: string; readonly retain: boolean }[]
  publish(topic: string, payload: string): void
  /** Answers the next so many connections with "server unavailable". */
  refuse(times: number): void
  stop(): Promise<void>
}

/** A plain MQTT broker on a port of its own (or a given one, to come back on the same). */
export async function startBareBroker(port = 0): Promise<BareBroker> {
  const published: { topic: string; payload: string; retain: boolean }[] = []
  const broker = await Aedes.createBroker()
  let toRefuse = 0
  broker.authenticate = (_client, _user, _password, answer) => {
    if (toRefuse-- > 0) answer(Object.assign(new Error('not now'), { returnCode: 3 }), null)
    else answer(null, true)
  }
  broker.on('publish', (packet: AedesPublishPacket, client) => {
    if (client !== null || !packet.topic.startsWith('$SYS')) published.push({ topic: packet.topic, payload: packet.payload.toString(), retain: packet.retain })
  })
  const server = createServer({ noDelay: true }, (socket) => void broker.handle(socket))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address !== 'object') throw new Error('no port')
  return {
    url: `mqtt://127.0.0.1:${address.port}`, port: address.port, published,
    publish: (topic, payload) => broker.publish({ cmd: 'publish', topic, payload: Buffer.from(payload), qos: 1, retain: false, dup: false }, () => undefined),
    refuse: (times) => { toRefuse = times },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      await new Promise<void>((resolve) => broker.close(() => resolve()))
      await closed
    },
  }
}
