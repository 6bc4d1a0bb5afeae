import { fork } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { freshEnv, mustRun, run, startLimen } from '../support/programs.ts'

interface Manifest { readonly version: string; readonly dependencies?: Readonly<Record<string, string>>; readonly packages?: Readonly<Record<string, { dev?: true; optional?: true; version: string }>> }

const root = resolve(import.meta.dirname, '../..')
const work = mkdtempSync(join(tmpdir(), 'limen-package-'))
const prefix = join(work, 'prefix')
const limen = join(prefix, 'bin/limen')
const installed = join(prefix, 'lib/node_modules/limen')
/** Somewhere that is neither the checkout nor the installed package. */
const elsewhere = join(work, 'elsewhere')
const anyPorts = { LIMEN_MQTT__PORT: '0', LIMEN_HTTP__PORT: '0' }
let packed: string[] = []

const read = (path: string): Manifest => JSON.parse(readFileSync(path, 'utf8')) as Manifest
const systemNode = '/usr/bin/node'
const isOld = (version: string): boolean => Number(version.replace('v', '').split('.')[0]) < 24

beforeAll(async () => {
  mkdirSync(elsewhere)
  const out = await mustRun('npm', ['pack', '--pack-destination', work, '--silent'], { cwd: root })
  const tarball = join(work, out.trim().split('\n').at(-1)!)
  packed = (await mustRun('tar', ['-tzf', tarball], { cwd: work })).trim().split('\n').map((path) => path.replace(/^package\//, ''))
  // Without scripts: nothing of the whole tree needs one to be run at installation.
  await mustRun('npm', ['install', '--global', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', prefix, tarball], { cwd: elsewhere })
}, 300_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

describe('the packed file', () => {
  it('holds compiled JavaScript, what belongs to it, and nothing else', () => {
    expect(packed).toEqual(expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/package.json', 'dist/gateway/main.js', 'dist/devices-sim/main.js']))
    expect(packed.filter((path) => path.endsWith('.ts') || path.endsWith('.map'))).toEqual([])
    expect(packed.filter((path) => !/^(?:dist\/(?:gateway|devices-sim|flows|dashboard\/dist)\/|(?:dist\/)?package\.json$|[A-Z]+(?:\.md)?$)/.test(path))).toEqual([])
    expect(packed.filter((path) => /(?:^|\/)(?:\.|(?:test|bench|faults|node_modules|data)\/|credentials\.json|.*\.(?:pem|key|env)$)/.test(path))).toEqual([])
  })

  it('holds the dashboard and the flows where this checkout has them', () => {
    if (existsSync(join(root, 'dashboard'))) expect(packed).toContain('dist/dashboard/dist/index.html')
    if (existsSync(join(root, 'flows/runtime.ts'))) expect(packed).toContain('dist/flows/runtime.js')
  })
})

describe('the package, installed into an empty prefix', () => {
  it('brings its dependencies in their exact versions, and nothing that is for development only', () => {
    const lock = read(join(root, 'package-lock.json')).packages!
    const { dependencies } = read(join(root, 'package.json'))
    const versions = Object.keys(dependencies!).map((name) => [name, read(join(installed, 'node_modules', name, 'package.json')).version])
    expect(Object.fromEntries(versions)).toEqual(dependencies)
    const forDevelopment = Object.keys(lock).filter((place) => lock[place]!.dev === true && /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(place))
    expect(forDevelopment).toContain('node_modules/typescript')
    expect(forDevelopment.filter((place) => existsSync(join(installed, place)))).toEqual([])
  })

  it('says its version from any folder', async () => {
    const { version } = read(join(root, 'package.json'))
    expect(await run(limen, ['--version'], { cwd: elsewhere })).toEqual({ code: 0, out: `limen ${version}\n`, err: '' })
  })

  it('sets a site up, checks it, runs it, and simulated devices reach it', async () => {
    expect(await mustRun(limen, ['init', 'site'], { cwd: elsewhere })).toContain('limen.service')
    const site = join(elsewhere, 'site')
    expect(readFileSync(join(site, 'limen.service'), 'utf8')).toContain(`${installed}/dist/gateway/main.js start --config ${site}/limen.yaml`)
    expect(await mustRun(limen, ['check', '--config', 'site/limen.yaml'], { cwd: elsewhere })).toMatch(/^ok: 8 rules/)

    const gateway = await startLimen(limen, ['start', '--config', 'site/limen.yaml'], { cwd: elsewhere, env: anyPorts })
    onTestFinished(() => void gateway.stop())
    expect((await fetch(`${gateway.httpUrl}/readyz`)).status).toBe(200)
    const front = await fetch(gateway.httpUrl, { headers: { accept: 'text/html' } })
    expect([front.status, front.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/html/)])
    const scripts = [...(await front.text()).matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(([, path]) => new URL(path!, gateway.httpUrl))
    expect(await Promise.all(scripts.map(async (url) => (await fetch(url)).status))).toEqual(scripts.map(() => 200))
    expect(scripts.length).toBeGreaterThan(0)
    if (existsSync(join(root, 'gateway/flows'))) {
      const state = async (): Promise<string> => ((await (await fetch(`${gateway.httpUrl}/api/v1/flows`)).json()) as { state: string }).state
      await eventually('flows that run', async () => (await state()) === 'running', 60_000)
    }
    const simulated = await run(limen, ['simulate', 'ward', '--for', '2s', '--url', `mqtt://127.0.0.1:${gateway.mqttPort}`], { cwd: elsewhere })
    expect(simulated).toMatchObject({ code: 0, out: expect.stringMatching(/ [1-9]\d* acknowledged, 0 errors\n$/) })
    const devices = (await (await fetch(`${gateway.httpUrl}/api/v1/devices`)).json()) as { items: { id: string }[] }
    expect(devices.items.length).toBeGreaterThan(0)
    const ended = await gateway.stop()
    expect(ended.code, ended.err).toBe(0)

    const exported = await mustRun(limen, ['export', '--config', 'site/limen.yaml', '--format', 'csv'], { cwd: elsewhere })
    expect(exported.split('\n').length).toBeGreaterThan(10)
  })

  it('runs Node-RED with our nodes, compiled like the rest', async () => {
    const socket = join(work, 'flows.sock')
    const env = freshEnv({
      LIMEN_FLOWS_DIR: join(work, 'flows'), LIMEN_FLOWS_SOCKET: socket, LIMEN_FLOWS_ROOT: '/flows', LIMEN_FLOWS_SAFE: '1',
      LIMEN_MQTT_URL: 'mqtt://127.0.0.1:1', LIMEN_HTTP_URL: 'http://127.0.0.1:1',
    })
    const child = fork(join(installed, 'dist/flows/runtime.js'), { cwd: elsewhere, env, execArgv: [], silent: true })
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    child.stderr!.on('data', (chunk: Buffer) => { said += chunk.toString() })
    let listening = false
    child.on('message', (message) => { listening ||= (message as { type: string }).type === 'listening' })
    await eventually('the editor', () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}:\n${said}`)
      return listening
    }, 60_000)
    const nodes = JSON.parse(await get(socket, '/flows/nodes')) as { module: string; id: string; enabled: boolean; err?: string; types: string[] }[]
    const ours = nodes.filter(({ module }) => module === 'limen-nodes')
    expect(ours.filter(({ enabled, err }) => !enabled || err !== undefined)).toEqual([])
    expect(ours.flatMap(({ types }) => types).length).toBeGreaterThanOrEqual(6)
    expect(nodes.filter(({ id }) => id.startsWith('node-red/limen'))).toEqual([])
  }, 120_000)

  it.skipIf(!existsSync(systemNode))('says in one line what it needs under an older Node', async () => {
    const { out: version } = await run(systemNode, ['--version'], { cwd: elsewhere })
    const { code, out, err } = await run(systemNode, [join(installed, 'dist/gateway/main.js'), 'start'], { cwd: elsewhere, env: anyPorts })
    if (!isOld(version)) return
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^limen: needs Node 24\.15 or later, this is [^\n]+\n$/)
  })
})

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((done, reject) => {
    request({ socketPath, path, headers: { accept: 'application/json' } }, (answer) => {
      let body = ''
      answer.on('data', (chunk: Buffer) => { body += chunk.toString() }).on('end', () => done(body))
    }).on('error', reject).end()
  })
}
