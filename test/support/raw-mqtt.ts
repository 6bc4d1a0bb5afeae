import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { eventually } from './eventually.ts'

export interface RawPacket {
  readonly cmd: string
  readonly messageId?: number
  readonly qos?: number
  readonly dup?: boolean
  readonly retain?: boolean
  readonly topic?: string
  readonly payload?: Buffer
  readonly granted?: number[]
  readonly returnCode?: number
  readonly sessionPresent?: boolean
}

/** An MQTT client that does nothing by itself: no acknowledgement, no resend, no PINGREQ. */
export interface RawMqtt {
  readonly received: RawPacket[]
  send(packet: object): void
  write(bytes: Uint8Array): void
  /** The next packet of this kind that was not asked for yet. */
  next(cmd: string): Promise<RawPacket>
  seen(cmd: string): boolean
  subscribe(topic: string, qos: 0 | 1 | 2): Promise<void>
  readonly closed: () => boolean
  pause(): void
  resume(): void
  destroy(): void
}

const packets = createRequire(import.meta.url)('mqtt-packet') as {
  generate: (packet: object) => Buffer
  parser: () => { on: (event: 'packet', listener: (packet: RawPacket) => void) => void; parse: (bytes: Buffer) => void }
}

/** Connects; `connect: null` sends no CONNECT. Does not mind being refused. */
export async function openRaw(port: number, given: { clientId?: string; clean?: boolean; will?: object; keepalive?: number; connect?: null } = {}): Promise<RawMqtt> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const parser = packets.parser()
  const received: RawPacket[] = []
  const unread: RawPacket[] = []
  let closed = false
  parser.on('packet', (packet) => {
    received.push(packet)
    unread.push(packet)
  })
  socket.on('data', (bytes: Buffer) => parser.parse(bytes))
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
  })
  await once(socket, 'connect')
  const raw: RawMqtt = {
    received,
    send: (packet) => void socket.write(packets.generate(packet)),
    write: (bytes) => void socket.write(bytes),
    next: (cmd) => eventually(`${cmd} (seen: ${received.map((packet) => packet.cmd).join(' ')})`, () => {
      const index = unread.findIndex((packet) => packet.cmd === cmd)
      return index === -1 ? undefined : unread.splice(index, 1)[0]
    }, 5_000),
    seen: (cmd) => received.some((packet) => packet.cmd === cmd),
    async subscribe(topic, qos) {
      raw.send({ cmd: 'subscribe', messageId: 60_000, subscriptions: [{ topic, qos }] })
      await raw.next('suback')
    },
    closed: () => closed,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy: () => void socket.destroy(),
  }
  if (given.connect === null) return raw
  raw.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, keepalive: given.keepalive ?? 0, clientId: given.clientId ?? '', clean: given.clean ?? true, ...(given.will === undefined ? {} : { will: given.will }) })
  await eventually('CONNACK or close', () => closed || raw.seen('connack'), 5_000)
  return raw
}
