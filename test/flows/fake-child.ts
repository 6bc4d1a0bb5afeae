/** Speaks the protocol of the process of the flows, and does what the variable FAKE says. Run as a process of its own by the tests. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { getPriority } from 'node:os'
import { readdirSync, readFileSync } from 'node:fs'

const fake = process.env['FAKE'] ?? 'serve'
const safe = process.env['LIMEN_FLOWS_SAFE'] === '1'
const say = (message: object): void => void process.send?.(message)

if (fake !== 'silent') {
  const server = createServer((request, response) => {
    const path = request.url?.slice((process.env['LIMEN_FLOWS_ROOT'] ?? '').length)
    if (path === '/self') {
      const threads = readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread)))
      response.end(JSON.stringify({ env: process.env, pid: process.pid, threads, oom: readFileSync('/proc/self/oom_score_adj', 'utf8').trim(), cwd: process.cwd() }))
      return
    }
    if (path === '/cookie') {
      response.writeHead(200, { 'set-cookie': ['limen-session=stolen', 'theme=dark'], connection: 'x-secret', 'x-secret': '1', 'content-security-policy': 'none of ours' }).end()
      return
    }
    if (path === '/die') process.exit(7)
    if (path === '/slow') {
      response.write('begun')
      response.on('close', () => say({ type: 'error', message: 'the client went away' }))
      return
    }
    if (path === '/deploy') say({ type: 'deployed', by: decodeURIComponent(String(request.headers['x-limen-user'] ?? 'nobody')) })
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, length: body.length, sha: createHash('sha256').update(body).digest('hex') }))
    })
  })
  server.on('upgrade', (request, socket, head) => {
    if (request.url?.endsWith('/refused') === true) {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      return
    }
    socket.on('error', () => {})
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Saw: ${JSON.stringify(request.headers)}\r\n\r\n`)
    socket.write(head)
    socket.pipe(socket)
  })
  server.listen(process.env['LIMEN_FLOWS_SOCKET'], () => {
    say({ type: 'listening' })
    say(safe ? { type: 'safe' } : { type: 'started', tabs: 1, nodes: 3 })
    setInterval(() => say({ type: 'beat', rssBytes: process.memoryUsage.rss() }), 100)
    // Once what was said is out.
    if (!safe) setTimeout(misbehave, 50)
  })
} else setInterval(() => {}, 1_000)

process.on('message', (message: { type?: string }) => {
  if (message.type === 'stop' && fake !== 'deaf') process.exit(0)
})
process.on('disconnect', () => process.exit(0))

function misbehave(): void {
  switch (fake) {
    case 'exit':
      return process.exit(3)
    case 'throw':
      throw new TypeError('msg.payload is undefined')
    case 'loop':
      for (;;);
    case 'heap': {
      const kept: object[] = []
      for (;;) kept.push({ a: [kept.length], b: `${kept.length}` })
    }
    case 'buffers': {
      const kept: Buffer[] = []
      return void setInterval(() => kept.push(Buffer.alloc(16 * 1024 ** 2, 1)), 10)
    }
    case 'flood':
      return void setInterval(() => { for (let i = 0; i < 50; i++) say({ type: 'nothing of ours' }) }, 1)
    case 'chatter':
      for (let i = 0; i < 200; i++) process.stderr.write(`line ${i}\n`)
      return
    default:
  }
}
