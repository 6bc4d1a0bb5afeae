import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { webScene } from '../support/web-scene.ts'

async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('the HTTP listener', () => {
  it('listens on the port it is given, says so, and stops', async () => {
    const { web } = webScene()
    expect(web.address()).toBeUndefined()
    await web.start()
    await web.start()
    const { host, port } = web.address()!
    expect(host).toBe('127.0.0.1')
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
    await web.stop()
    await web.stop()
    expect(web.address()).toBeUndefined()
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow('fetch failed')
  })

  it('stops when it never started', async () => {
    await webScene().web.stop()
  })

  it('says who has the port', async () => {
    const first = webScene()
    await first.web.start()
    const second = webScene({ port: first.web.address()!.port })
    await expect(second.web.start()).rejects.toMatchObject({ code: 'ADDRESS_IN_USE', remedy: expect.stringContaining('http.port') })
  })

  it('answers what is not HTTP with a problem document', async () => {
    const { web } = webScene()
    await web.start()
    const answer = await exchange(web.address()!.port, 'SSH-2.0-OpenSSH\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*application\/problem\+json.*"code":"BAD_INPUT"/s)
    const long = await exchange(web.address()!.port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(long).toMatch(/^HTTP\/1\.1 431 /)
    expect((await fetch(`http://127.0.0.1:${web.address()!.port}/healthz`)).status).toBe(200)
  })

  it('leaves upgrades at /mqtt to the broker and refuses others', async () => {
    const { web } = webScene()
    await web.start()
    const upgrade = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`
    expect(await exchange(web.address()!.port, upgrade('/elsewhere'))).toMatch(/^HTTP\/1\.1 404 /)
    const seen = once(web.httpServer, 'upgrade')
    const socket = connect(web.address()!.port, '127.0.0.1')
    socket.write(upgrade('/mqtt?x=1'))
    const [request, taken] = (await seen) as [Parameters<typeof web.callerOf>[0], { destroy: () => void }]
    expect(web.callerOf(request)).toMatchObject({ via: 'loopback', principal: { kind: 'trusted' } })
    taken.destroy()
    await once(socket, 'close')
  })

  it('survives clients that reset a refused upgrade, and keeps none that leaves its half open', async () => {
    const { web } = webScene()
    await web.start()
    const { port } = web.address()!
    const request = 'GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    const closed: boolean[] = []
    web.httpServer.on('upgrade', (_request, socket) => void socket.once('close', (hadError: boolean) => void closed.push(hadError)))
    // Now and then the reset comes after the answer: then nobody reads the error.
    for (let i = 1; i <= 50; i++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      socket.write(request)
      if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
      socket.resetAndDestroy()
    }
    const halfOpen = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    halfOpen.on('error', () => undefined).resume()
    const before = closed.length
    halfOpen.write(request)
    await eventually('closed by the server alone', () => closed.length > before && closed.at(-1) === false)
    halfOpen.destroy()
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
  })

  it('answers a client that offers h2c in HTTP/1.1', async () => {
    const { web } = webScene()
    await web.start()
    const answer = await exchange(web.address()!.port, 'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  it('takes no more connections than it may', async () => {
    const { web } = webScene({ maxConnections: 2 })
    await web.start()
    const { port } = web.address()!
    const held = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all(held.map((socket) => once(socket, 'connect')))
    const third = connect(port, '127.0.0.1')
    third.on('error', () => undefined)
    await once(third, 'close')
    for (const socket of held) socket.destroy()
  })

  it('lets a request under way finish when it stops', async () => {
    const { web, door, store } = webScene()
    await web.start()
    const accept = door.accept
    const held: (() => void)[] = []
    door.accept = (input, done) => {
      held.push(() => accept(input, done))
    }
    const answer = fetch(`http://127.0.0.1:${web.address()!.port}/api/v1/events`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ specversion: '1.0', id: '1', source: 's', type: 't' }),
    })
    await eventually('the request to have come in', () => held.length > 0)
    const stopped = web.stop()
    held[0]!()
    expect((await answer).status).toBe(204)
    await stopped
    expect(store.lastPosition()).toBe(1)
  })
})
