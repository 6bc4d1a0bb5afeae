import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'

/** What a webhook brought. */
export interface Received { readonly id: string; readonly type: string; readonly subject: string; readonly signed: boolean }

export interface Receiver { start(): Promise<void>; stop(): Promise<void> }

const longestBodyBytes = 64 * 1024

/** The nurse call system of the demonstration: takes webhooks and checks their signature (Standard Webhooks). */
export function createReceiver({ port, secret, onReceived }: { port: number; secret: string; onReceived: (received: Received) => void }): Receiver {
  const server = createServer((request, response) => {
    read(request).then((body) => {
      onReceived(understand(request, body, secret))
      response.writeHead(204).end()
    }).catch(() => response.writeHead(400).end())
  })
  return {
    start: () => new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    }),
    stop: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request as AsyncIterable<Buffer>) {
    body += chunk.toString()
    if (body.length > longestBodyBytes) throw new Error('too long')
  }
  return body
}

function understand(request: IncomingMessage, body: string, secret: string): Received {
  const header = (name: string): string => String(request.headers[name] ?? '')
  const { type, subject } = JSON.parse(body) as { type?: unknown; subject?: unknown }
  const expected = createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(`${header('webhook-id')}.${header('webhook-timestamp')}.${body}`).digest()
  const given = Buffer.from(header('webhook-signature').replace(/^v1,/, ''), 'base64')
  return {
    id: header('webhook-id'),
    type: typeof type === 'string' ? type : '?',
    subject: typeof subject === 'string' ? subject : '?',
    signed: given.length === expected.length && timingSafeEqual(given, expected),
  }
}
