import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { ClientOptions } from 'ws'
import { WebSocket } from 'ws'
import { eventually } from './eventually.ts'
import type { Frame } from './sse-client.ts'
import { parseFrame } from './sse-client.ts'

export type ValueRow = [device: string, metric: string, value: unknown, ts: number, quality: string, unit: string | null]

/** A dashboard's socket, as a browser would have it, without reconnecting by itself. */
export async function openLive(port: number, { query = '', ...options }: ClientOptions & { query?: string } = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live${query}`, options)
  onTestFinished(() => socket.terminate())
  const frames: Frame[] = []
  let closed: { code: number; reason: string } | undefined
  socket.on('message', (data: Buffer) => frames.push(...data.toString().split('\n\n').slice(0, -1).map(parseFrame)))
  socket.on('close', (code, reason) => {
    closed = { code, reason: reason.toString() }
  })
  await once(socket, 'open')

  const named = (name: string) => frames.filter(({ event }) => event === name).map(({ data }) => JSON.parse(data!) as Record<string, unknown>)
  return {
    socket,
    frames,
    /** Frames of the log's events, once there are so many. */
    events: (count: number) => eventually(`${count} events`, () => {
      const found = frames.filter(({ id, data }) => id !== undefined && data !== undefined)
      return found.length >= count && found
    }),
    pulses: () => named('pulse') as { now: number; newest: number | null; readings: number; devices: number; last: number; health: unknown }[],
    values: () => named('values').map(({ values }) => values as ValueRow[]),
    watch: (...devices: readonly string[]) => socket.send(JSON.stringify({ watch: devices })),
    closed: () => eventually('the socket to be closed', () => closed),
    isOpen: () => closed === undefined,
  }
}

/** The status an upgrade is refused with. */
export function refusedWith(port: number, { path = '/api/v1/live', ...options }: ClientOptions & { path?: string } = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options)
    socket.on('open', () => {
      socket.terminate()
      reject(new Error('it was let in'))
    })
    socket.on('error', () => {})
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }))
    })
  })
}
