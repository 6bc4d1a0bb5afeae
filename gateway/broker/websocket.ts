import type { IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

export interface WebSocketDoor {
  /** Path of the HTTP port, `/mqtt`. */
  readonly path: string
  /** May a page of this origin connect? Asked before anything is answered. */
  readonly allowOrigin: (request: IncomingMessage) => boolean
}

/** MQTT over WebSocket [MQTT 3.1.1, 6]: takes upgrades of one path of an HTTP server; others are left to whoever wants them. */
export interface WebSocketEntry {
  close(): void
}

/** Sub-protocols of MQTT 3.1.1 and of the clients of 3.1 [MQTT-6.0.0-3]. */
const subProtocols = ['mqtt', 'mqttv3.1']

/** `ws` is loaded when the first door is opened. */
export async function openWebSocketDoor(
  options: WebSocketDoor & { maxMessageBytes: number },
  deps: { server: Server; onConnection: (conn: Duplex, request: IncomingMessage) => void; onRefused: (reason: string) => void },
): Promise<WebSocketEntry> {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    // Half-read packets of one message are the guard's to judge; this bounds what is held before it sees them.
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => subProtocols.find((name) => offered.has(name)) ?? false,
  })

  function refuse(socket: Duplex, status: string): void {
    // The peer may be gone by now; nothing is lost with it.
    socket.on('error', () => socket.destroy())
    // A peer that leaves its half open would stay.
    socket.once('finish', () => socket.destroy())
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    deps.onRefused(status.slice(0, 3))
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if ((request.url ?? '').split('?', 1)[0] !== options.path) {
      // Nobody else would answer.
      if (deps.server.listenerCount('upgrade') === 1) refuse(socket, '404 Not Found')
      return
    }
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    if (!options.allowOrigin(request)) return refuse(socket, '403 Forbidden')
    if (!offered.some((name) => subProtocols.includes(name))) return refuse(socket, '400 Bad Request')
    request.socket.setNoDelay(true)
    server.handleUpgrade(request, socket, head, (webSocket) => deps.onConnection(duplexOf(webSocket), request))
  }

  deps.server.on('upgrade', upgrade)
  return {
    close() {
      deps.server.off('upgrade', upgrade)
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

/** The bytes of a WebSocket as a stream; what one turn writes goes out as one message. */
function duplexOf(webSocket: WebSocket): Duplex {
  let paused = false
  const duplex = new Duplex({
    read() {
      if (!paused) return
      paused = false
      webSocket.resume()
    },
    write(chunk: Buffer, _encoding, callback) {
      webSocket.send(chunk, (error) => callback(error ?? null))
    },
    writev(chunks, callback) {
      webSocket.send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), (error) => callback(error ?? null))
    },
    final(callback) {
      webSocket.close()
      callback()
    },
    destroy(error, callback) {
      webSocket.terminate()
      callback(error)
    },
  })
  webSocket.on('message', (data, isBinary) => {
    // [MQTT-6.0.0-1]
    if (!isBinary) {
      duplex.destroy()
      return
    }
    if (duplex.push(data)) return
    paused = true
    webSocket.pause()
  })
  webSocket.on('close', () => {
    if (!duplex.destroyed) duplex.destroy()
  })
  webSocket.on('error', (error) => duplex.destroy(error))
  return duplex
}
