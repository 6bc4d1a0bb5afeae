import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import { Agent, request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FlowsProxy, FlowsState } from '../kernel/flows.ts'
import { answeredHeaders, forwardedHeaders } from './proxy-headers.ts'
import { answerUnavailable, notThere } from './unavailable.ts'

export interface FlowsDoor extends FlowsProxy {
  /** Ends what is under way. */
  close(): void
}

export interface ProxyDeps {
  /** The socket its process listens on; undefined: there is no process. */
  readonly socket: () => string | undefined
  readonly state: () => FlowsState
}

/** A deploy of large flows is a few MiB. */
const largestBodyBytes = 10 * 1024 ** 2
/** Node-RED's editor holds up to six connections and one WebSocket a page. */
const mostSockets = 64
/** Nobody waits longer for an answer to begin: a flow that never answers must not hold a connection for ever. */
const answersWithinMs = 120_000

/** Streams both ways over a Unix socket, so that back-pressure goes through and nothing is held. */
export function createProxy(deps: ProxyDeps): FlowsDoor {
  const agent = new Agent({ keepAlive: true, maxSockets: mostSockets, maxFreeSockets: 4 })
  const upgraded = new Set<Duplex>()

  function open(incoming: IncomingMessage, socketPath: string, more: { headers?: Record<string, string>; agent: Agent | false }): ClientRequest {
    return httpRequest({
      socketPath,
      agent: more.agent,
      method: incoming.method,
      path: incoming.url,
      headers: { ...forwardedHeaders(incoming), ...more.headers },
      timeout: answersWithinMs,
    })
  }

  function request(incoming: IncomingMessage, response: ServerResponse): void {
    const socketPath = deps.socket()
    if (socketPath === undefined) return answerUnavailable(incoming, response, notThere(deps.state()))
    if (Number(incoming.headers['content-length'] ?? 0) > largestBodyBytes) return tooLarge(incoming, response)
    const outgoing = open(incoming, socketPath, { agent })
    let finished = false
    let over = false

    outgoing.on('response', (answer) => {
      finished = true
      // What the gateway has said of this page stands: the policy of what it may load.
      const headers = Object.entries(answeredHeaders(answer.headers)).filter(([name, value]) => value !== undefined && !response.hasHeader(name))
      response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers) as Record<string, string | string[]>)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
      answer.on('aborted', () => response.destroy())
    })
    outgoing.on('timeout', () => {
      if (!finished) outgoing.destroy(new Error('no answer'))
    })
    outgoing.on('error', (error) => {
      if (over) return
      over = true
      incoming.unpipe(outgoing)
      answerUnavailable(incoming, response, isAbsent(error) ? notThere(deps.state()) : { status: 502, title: 'Flows did not answer', detail: 'The process of the flows broke off in the middle of this request; try again.' })
    })
    response.on('close', () => {
      over = true
      // The browser has gone, or has got all: what is not over is not wanted any more.
      if (!response.writableFinished) outgoing.destroy()
    })

    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= largestBodyBytes || over) return
      over = true
      incoming.unpipe(outgoing)
      outgoing.destroy()
      tooLarge(incoming, response)
    })
    incoming.pipe(outgoing)
  }

  function tooLarge(incoming: IncomingMessage, response: ServerResponse): void {
    answerUnavailable(incoming, response, { status: 413, title: 'Too large', detail: 'a request to the flows may have 10 MiB' })
  }

  function upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Node takes its own listener off an upgraded socket: without one, a reset would end the process.
    socket.on('error', () => socket.destroy())
    const socketPath = deps.socket()
    if (socketPath === undefined) return refuse(socket, '503 Service Unavailable')
    const outgoing = open(incoming, socketPath, { agent: false, headers: { connection: 'Upgrade', upgrade: 'websocket' } })
    upgraded.add(socket)
    socket.once('close', () => {
      upgraded.delete(socket)
      outgoing.destroy()
    })
    outgoing.on('upgrade', (answer, upstream, upstreamHead) => {
      upstream.on('error', () => socket.destroy())
      upstream.once('close', () => socket.destroy())
      socket.once('close', () => upstream.destroy())
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines(answer)}\r\n`)
      if (upstreamHead.length > 0) socket.write(upstreamHead)
      if (head.length > 0) upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    outgoing.on('response', (answer) => {
      answer.resume()
      refuse(socket, `${answer.statusCode ?? 502} ${answer.statusMessage ?? ''}`.trim())
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')))
    outgoing.on('error', (error) => refuse(socket, isAbsent(error) ? '503 Service Unavailable' : '502 Bad Gateway'))
    outgoing.end()
  }

  return {
    request,
    upgrade,
    close() {
      agent.destroy()
      for (const socket of upgraded) socket.destroy()
    },
  }
}

/** No socket, or nobody behind it: it has not come up, or is gone. */
function isAbsent({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}

function lines(answer: IncomingMessage): string {
  const headers: string[] = []
  for (let i = 0; i < answer.rawHeaders.length; i += 2) {
    if (!/^set-cookie$/i.test(answer.rawHeaders[i]!)) headers.push(`${answer.rawHeaders[i]}: ${answer.rawHeaders[i + 1]}\r\n`)
  }
  return headers.join('')
}

function refuse(socket: Duplex, status: string): void {
  if (socket.destroyed || !socket.writable) return
  // A peer that leaves its half open would stay.
  socket.once('finish', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
