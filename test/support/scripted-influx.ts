import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface WriteRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly lines: readonly string[]
  /** Of the connection, on the client's side. */
  readonly port: number | undefined
}

export type ScriptedAnswer =
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>>; /** Not before `release`. */ readonly delayed?: boolean }
  /** Ends the connection: before it answers, or in the middle of the answer. */
  | 'cut' | 'cut-in-answer'
  /** Stores what it got, then cuts: the network failed after the server had committed. */
  | 'store-and-cut'
  /** Never answers. */
  | 'hang'

export interface ScriptedInflux {
  readonly url: string
  /** What was asked for, oldest first. */
  readonly requests: readonly WriteRequest[]
  /** What a 204 has stored: timestamp and series → value, as InfluxDB overwrites. */
  readonly stored: ReadonlyMap<string, string>
  /** Decides what comes next; 204 when it gives undefined. */
  script(answer: (request: WriteRequest) => ScriptedAnswer | undefined): void
  /** These answers, in order, and then 204 again. */
  queue(...answers: readonly ScriptedAnswer[]): void
  /** Delayed answers that wait. */
  held(): number
  /** Lets them go. */
  release(): void
  close(): Promise<void>
}

/** Answers write requests of both versions of InfluxDB as a test wants it to. */
export async function startScriptedInflux(): Promise<ScriptedInflux> {
  const requests: WriteRequest[] = []
  const stored = new Map<string, string>()
  const queue: ScriptedAnswer[] = []
  let held: (() => void)[] = []
  let script: (request: WriteRequest) => ScriptedAnswer | undefined = () => undefined

  function store({ lines }: WriteRequest): void {
    for (const line of lines) {
      const [series, value, time] = line.split(/(?<!\\) (?=(?:[^"]*"[^"]*")*[^"]*$)/)
      stored.set(`${series} ${time}`, value ?? '')
    }
  }

  function reply(request: WriteRequest, response: ServerResponse): void {
    const answer = queue.shift() ?? script(request) ?? { status: 204 }
    if (answer === 'hang') return
    if (answer === 'store-and-cut') store(request)
    if (answer === 'cut' || answer === 'store-and-cut') return void response.socket?.destroy()
    if (answer === 'cut-in-answer') {
      response.writeHead(500, { 'content-length': '100' }).write('half of')
      setImmediate(() => response.socket?.destroy())
      return
    }
    if (answer.status === 204) store(request)
    const send = (): void => void response.writeHead(answer.status, answer.headers).end(answer.body)
    if (answer.delayed === true) held.push(send)
    else send()
  }

  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '', 'http://host')
      const raw = Buffer.concat(chunks)
      const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString()
      const request = { method: incoming.method ?? '', path: url.pathname, query: url.searchParams, headers: incoming.headers, lines: body.split('\n'), port: incoming.socket.remotePort }
      requests.push(request)
      reply(request, response)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stored,
    script: (answer) => void (script = answer),
    queue: (...answers) => void queue.push(...answers),
    held: () => held.length,
    release() {
      const go = held
      held = []
      for (const send of go) send()
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
