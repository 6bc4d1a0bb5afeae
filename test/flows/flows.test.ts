import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { flowsRoom } from '../support/flows-room.ts'
import { tempDir } from '../support/temp-dir.ts'

interface Self { readonly env: Record<string, string>; readonly pid: number; readonly threads: readonly number[]; readonly oom: string; readonly cwd: string }

/** The room's proxy on a port, without the gateway's own guard. */
async function onPort(room: ReturnType<typeof flowsRoom>['room']): Promise<(path: string) => Promise<Response>> {
  const server = createServer((request, response) => room.proxy.request(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server.closeAllConnections())
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return (path) => fetch(`http://127.0.0.1:${port}/flows${path}`)
}

function isAlive(pid: number): boolean {
  try {
    // A zombie's command line is empty: its parent has only not looked yet.
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

describe.runIf(process.platform === 'linux')('the room of the flows', () => {
  it('gives its process its priority in every thread, nothing of the gateway\'s secrets, and a place of its own', async () => {
    const { room, directory, state } = flowsRoom({ nice: 7 })
    const ask = await onPort(room)
    room.start()
    await state('running')
    const { env, threads, oom, cwd, pid } = (await (await ask('/self')).json()) as Self
    const socket = env['LIMEN_FLOWS_SOCKET']!
    expect(env).toMatchObject({
      LIMEN_FLOWS_DIR: directory, LIMEN_FLOWS_ROOT: '/flows', LIMEN_FLOWS_SAFE: '', LIMEN_MQTT_URL: 'mqtt://127.0.0.1:1', LIMEN_HTTP_URL: 'http://127.0.0.1:2',
      LIMEN_FLOWS_USER: 'flows', LIMEN_FLOWS_TOKEN: 'the-token', LIMEN_SITE: 'ward-3',
    })
    expect(Object.keys(env).filter((name) => !/^(LIMEN_|NODE_CHANNEL|PATH$|FAKE$)/.test(name))).toEqual([])
    expect(new Set(threads)).toEqual(new Set([7]))
    expect([oom, cwd]).toEqual(['1000', directory])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700)
    expect(Buffer.byteLength(socket)).toBeLessThan(104)
    await room.stop()
    expect(isAlive(pid)).toBe(false)
    expect([existsSync(join(socket, '..')), existsSync(join(directory, 'process.json'))]).toEqual([false, false])
  })

  it('starts it again when it ends, on the same socket, and says why it ended', async () => {
    const { room, state, events, conditions } = flowsRoom()
    const ask = await onPort(room)
    room.start()
    await state('running')
    expect((await ask('/die')).status).toBe(502)
    await state('waiting')
    expect((await ask('/')).status).toBe(503)
    expect(room.desk.status().lastError?.message).toBe('exit code 7')
    expect(conditions.at(-1)).toMatchObject({ rule: 'technical.flows', active: true })
    expect(room.health()).toEqual({ ok: false, detail: 'waiting: exit code 7' })
    await state('running')
    expect((await ask('/')).status).toBe(200)
    expect(room.desk.status().restarts).toBe(1)
    expect(events.map(({ type }) => type)).toEqual(['limen.gateway.flows-started', 'limen.gateway.flows-ended', 'limen.gateway.flows-started'])
    expect([...room.metrics()].map(({ name, value }) => [name, value]).slice(0, 2)).toEqual([['limen_flows_up', 1], ['limen_flows_restarts_total', 1]])
  })

  it('comes up in safe mode after three crashes, and runs again after a deploy', async () => {
    const { room, state, events } = flowsRoom({ fake: 'exit' })
    const ask = await onPort(room)
    room.start()
    await state('safe-mode')
    expect((await (await ask('/self')).json() as Self).env['LIMEN_FLOWS_SAFE']).toBe('1')
    await ask('/deploy')
    await state('running')
    expect(events.at(-1)).toEqual({ type: 'limen.gateway.flows-deployed', data: { by: 'nobody' } })
  })

  it('goes back to a version while nothing runs, and starts on it', async () => {
    const { room, directory, state, events } = flowsRoom()
    const old = join(directory, 'versions', '20261126T100000000Z')
    mkdirSync(old, { recursive: true })
    writeFileSync(join(old, 'flows.json'), '[{"id":"t","type":"tab"}]')
    writeFileSync(join(directory, 'flows.json'), '[]')
    room.start()
    await state('running')
    expect(await room.desk.rollback('20261126T100000001Z', 'ada')).toBeNull()
    expect(room.desk.status()).toMatchObject({ state: 'running', restarts: 0 })
    expect(await room.desk.rollback(undefined, 'ada')).toMatchObject({ id: '20261126T100000000Z', tabs: 1, nodes: 0 })
    await state('running')
    expect(readFileSync(join(directory, 'flows.json'), 'utf8')).toBe('[{"id":"t","type":"tab"}]')
    expect(await room.desk.versions()).toHaveLength(2)
    expect(room.desk.status().restarts).toBe(1)
    expect(events).toContainEqual({ type: 'limen.gateway.flows-rolled-back', data: { version: '20261126T100000000Z', by: 'ada' } })
  })

  it('kills what a gateway that was killed left in an endless loop, and takes away its socket', async () => {
    const directory = join(tempDir(), 'flows')
    // A gateway's part in a process of its own, so that it can be killed.
    const script = `
      import { createFlows } from ${JSON.stringify(join(import.meta.dirname, '../../gateway/flows/flows.ts'))}
      import { systemClock } from ${JSON.stringify(join(import.meta.dirname, '../../gateway/kernel/clock.ts'))}
      const quiet = { debug() {}, info() {}, warn() {}, error() {} }
      const room = createFlows(
        { directory: ${JSON.stringify(directory)}, runtimeFile: ${JSON.stringify(join(import.meta.dirname, 'fake-child.ts'))}, maxMemoryBytes: 268435456, nice: 0, site: 's', user: 'flows', token: 't', environment: { PATH: process.env.PATH, FAKE: 'loop' } },
        { clock: systemClock, logger: quiet, urls: () => ({ mqtt: '', http: '' }), record: ({ type }) => console.log(type), condition() {} },
      )
      room.start()
      setInterval(() => {}, 1000)`
    const gateway = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(gateway.stdout, 'data')
    const { pid, socketDirectory } = JSON.parse(readFileSync(join(directory, 'process.json'), 'utf8')) as { pid: number; socketDirectory: string }
    onTestFinished(() => { if (isAlive(pid)) process.kill(pid, 'SIGKILL') })
    // Until it loops: from then on it sees no channel close.
    await eventually('the loop', () => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[13]) > 50, 60_000)
    gateway.kill('SIGKILL')
    await once(gateway, 'exit')
    expect(isAlive(pid)).toBe(true)
    const { room, state } = flowsRoom({ directory })
    room.start()
    await state('running')
    expect(isAlive(pid)).toBe(false)
    expect([existsSync(socketDirectory), socketDirectory.startsWith(join(tmpdir(), 'limen-flows-'))]).toEqual([false, true])
  })

  it('leaves a process alone that only has the same pid', async () => {
    const directory = join(tempDir(), 'flows')
    mkdirSync(directory)
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    onTestFinished(() => void stranger.kill('SIGKILL'))
    writeFileSync(join(directory, 'process.json'), JSON.stringify({ pid: stranger.pid, startTicks: '1', socketDirectory: directory, runtimeFile: 'x' }))
    const { room, state } = flowsRoom({ directory })
    room.start()
    await state('running')
    expect(isAlive(stranger.pid!)).toBe(true)
    expect(existsSync(directory)).toBe(true)
  })

  it('ends a request when its client goes away', async () => {
    const { room, state } = flowsRoom()
    const server = createServer((request, response) => room.proxy.request(request, response)).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    room.start()
    await state('running')
    const request = get({ port: (server.address() as AddressInfo).port, path: '/flows/slow' })
    request.on('error', () => {})
    const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
    await once(response, 'data')
    request.destroy()
    await eventually('the end upstream', () => room.desk.status().lastError?.message === 'the client went away')
  })
})
