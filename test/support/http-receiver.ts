import { type IncomingHttpHeaders, type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }

/** A real HTTP server on loopback that remembers what it was sent. */
export interface HttpReceiver {
  readonly url: string
  readonly requests: ReceivedRequest[]
  /** How it answers; default 204. */
  answer: (request: ReceivedRequest, response: ServerResponse) => void
  /** Connections opened so far. */
  connections(): number
  goAway(): Promise<void>
  comeBack(): Promise<void>
}

export interface HttpReceiverOptions {
  readonly port?: number
  /** Another kind of server: TLS. */
  readonly create?: (listener: RequestListener) => Server
}

export async function createHttpReceiver({ port = 0, create = createServer }: HttpReceiverOptions = {}): Promise<HttpReceiver> {
  let connections = 0
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      const request = { method: message.method ?? '', url: message.url ?? '', headers: message.headers, body: Buffer.concat(chunks).toString('utf8') }
      receiver.requests.push(request)
      receiver.answer(request, response)
    })
  }
  let server = await listen(port)

  async function listen(on: number): Promise<Server> {
    const made = create(listener)
    made.on('connection', () => { connections++ })
    await new Promise<void>((resolve, reject) => made.once('error', reject).listen(on, '127.0.0.1', resolve))
    return made
  }

  const bound = (server.address() as AddressInfo).port
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${bound}`,
    requests: [],
    answer: (_, response) => void response.writeHead(204).end(),
    connections: () => connections,
    async goAway() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
    async comeBack() {
      server = await listen(bound)
    },
  }
  return receiver
}
