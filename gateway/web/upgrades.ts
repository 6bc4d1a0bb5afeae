import type { IncomingMessage, Server } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpProblem } from './problem.ts'
import { documentOf, notFound } from './problem.ts'

/** Who takes the upgrades of one path; a path that ends in `/` stands for all below it. */
export interface UpgradeDoor {
  readonly path: string
  /** `elsewhere`: by a listener of its own on the same server. */
  readonly take: 'elsewhere' | ((request: IncomingMessage, socket: Duplex, head: Buffer) => void)
}

/** Hands every upgrade to its door; what has none is refused with 404. */
export function serveUpgrades(server: Server, doors: readonly UpgradeDoor[]): void {
  server.on('upgrade', (request, socket, head) => {
    const path = (request.url ?? '').split('?', 1)[0]!
    const door = doors.find((one) => path === one.path || (one.path.endsWith('/') && path.startsWith(one.path)))
    if (door === undefined) refuseUpgrade(request, socket, notFound(`nothing takes a WebSocket at ${path.slice(0, 200)}`))
    else if (door.take !== 'elsewhere') door.take(request, socket, head)
  })
}

/** Answers as any request would be answered, and ends the connection. */
export function refuseUpgrade(request: IncomingMessage, socket: Duplex, problem: HttpProblem): void {
  // Node takes its own listener off an upgraded socket: without one, a reset would end the process.
  socket.on('error', () => socket.destroy())
  // A peer that leaves its half open would stay.
  socket.once('finish', () => socket.destroy())
  const body = JSON.stringify(documentOf(problem, request.url ?? '/'))
  const headers = { connection: 'close', 'content-type': 'application/problem+json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)), ...problem.headers }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}\r\n${lines.join('')}\r\n${body}`)
}
