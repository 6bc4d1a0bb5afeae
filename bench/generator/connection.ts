import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connectPacket, createPacketReader, disconnectPacket } from './packets.ts'
import type { PacketHandler } from './packets.ts'

export interface Connection {
  readonly socket: Socket
  close(): void
}

/** Opens one MQTT session; resolves on CONNACK 0, rejects with what went wrong. */
export function openConnection(options: { port: number; clientId: string; noDelay: boolean; onLost: (why: string) => void }, handler: PacketHandler): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let open = false
    let closing = false
    const read = createPacketReader({
      ...handler,
      other(type, body) {
        if (type !== 2) return handler.other?.(type, body)
        if (body[1] !== 0) return reject(new Error(`CONNECT refused with return code ${body[1]}`))
        open = true
        resolve({
          socket,
          close() {
            closing = true
            socket.end(disconnectPacket)
          },
        })
      },
    })
    const socket = connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: options.noDelay,
      // one read buffer for the whole life of the socket: no allocation a read
      onread: {
        buffer: Buffer.allocUnsafe(64 * 1024),
        callback(bytes, buffer) {
          read(Buffer.from(buffer.buffer, buffer.byteOffset, bytes))
          return true
        },
      },
    })
    socket.on('connect', () => socket.write(connectPacket(options.clientId)))
    socket.on('error', (error) => (open ? options.onLost(error.message) : reject(error)))
    socket.on('close', () => {
      if (!open) reject(new Error('the server closed the connection before CONNACK'))
      else if (!closing) options.onLost('the server closed the connection')
    })
  })
}

/** All at once would be a connection storm, which is another measurement. */
export async function openConnections(count: number, open: (index: number) => Promise<Connection>): Promise<Connection[]> {
  const connections: Connection[] = []
  for (let i = 0; i < count; i++) connections.push(await open(i))
  return connections
}
