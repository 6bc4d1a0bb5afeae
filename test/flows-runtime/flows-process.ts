import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { ToParent } from '../../flows/parent.ts'
import { eventually } from '../support/eventually.ts'

const runtime = resolve(import.meta.dirname, '../../flows/runtime.ts')

export interface Answer { readonly status: number; readonly type: string; readonly text: string }

export interface FlowsProcess {
  /** Node-RED's user directory. */
  readonly dir: string
  readonly messages: readonly ToParent[]
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  stderr(): string
  /** Waits for the first message of this type since the last `forget`. */
  heard<T extends ToParent['type']>(type: T): Promise<Extract<ToParent, { type: T }>>
  forget(): void
  ask(path: string, options?: { readonly method?: string; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }): Promise<Answer>
  /** Replaces the flows; what is deployed is what `change` makes of those that are there. */
  deploy(change: (flows: Node[]) => readonly Node[], user?: string): Promise<Answer>
  /** Status and debug messages, as the editor sees them. */
  watch(): Promise<readonly { readonly topic: string; readonly data: unknown }[]>
  stop(): Promise<number | null>
}

export interface Node { readonly id: string; readonly type: string; [member: string]: unknown }

export interface FlowsProcessOptions {
  readonly dir?: string
  readonly safe?: boolean
  readonly mqttUrl?: string
  readonly httpUrl?: string
}

/** A folder of its own under /tmp: a Unix socket's path may not be long. */
export function flowsDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'limen-flows-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** flows/runtime.ts as the gateway starts it; ended when the test has ended. */
export function startFlows(options: FlowsProcessOptions = {}): FlowsProcess {
  const dir = options.dir ?? flowsDir()
  const socket = join(dir, 's')
  const child = fork(runtime, {
    execArgv: ['--max-old-space-size=192', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: {
      LIMEN_FLOWS_DIR: join(dir, 'flows'), LIMEN_FLOWS_SOCKET: socket, LIMEN_FLOWS_ROOT: '/flows', LIMEN_FLOWS_SAFE: options.safe === true ? '1' : '',
      LIMEN_MQTT_URL: options.mqttUrl ?? 'mqtt://127.0.0.1:9', LIMEN_HTTP_URL: options.httpUrl ?? 'http://127.0.0.1:9', LIMEN_FLOWS_USER: '', LIMEN_FLOWS_TOKEN: '', LIMEN_SITE: 'test',
      // As the gateway has it; saves stripping types at each start.
      NODE_COMPILE_CACHE: resolve(import.meta.dirname, '../../.cache/compile'),
    },
  })
  let stderr = ''
  const messages: ToParent[] = []
  let from = 0
  child.stderr!.on('data', (chunk: Buffer) => { stderr = (stderr + chunk.toString()).slice(-50_000) })
  child.stdout!.resume()
  child.on('message', (message: ToParent) => { if (message.type !== 'beat' || !messages.some(({ type }) => type === 'beat')) messages.push(message) })
  const ended = once(child, 'exit').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })

  const ask: FlowsProcess['ask'] = (path, { method = 'GET', body, headers = {} } = {}) => new Promise((settle, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const sent = request({ socketPath: socket, path, method, headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers } }, (response) => {
      let got = ''
      response.on('data', (chunk: Buffer) => { got += chunk.toString() })
      response.on('end', () => settle({ status: response.statusCode ?? 0, type: String(response.headers['content-type']), text: got }))
    })
    sent.on('error', reject)
    sent.end(text)
  })

  return {
    dir: join(dir, 'flows'), messages, child, ended, ask,
    stderr: () => stderr,
    heard: (type) => eventually(`the message "${type}" (${stderr.slice(-500)})`, () => messages.slice(from).find((message) => message.type === type) as never, 60_000),
    forget: () => { from = messages.length },
    async deploy(change, user) {
      const before = JSON.parse((await ask('/flows/flows')).text) as Node[]
      return ask('/flows/flows', { method: 'POST', body: change(before), headers: user === undefined ? {} : { 'x-limen-user': user } })
    },
    async watch() {
      const seen: { topic: string; data: unknown }[] = []
      const comms = new WebSocket(`ws+unix:${socket}:/flows/comms`)
      onTestFinished(() => comms.terminate())
      await once(comms, 'open')
      comms.on('message', (data: Buffer) => {
        const given = JSON.parse(data.toString()) as { topic: string; data: unknown }[] | object
        if (Array.isArray(given)) seen.push(...given)
      })
      for (const topic of ['status/#', 'debug']) comms.send(JSON.stringify({ subscribe: topic }))
      return seen
    },
    async stop() {
      child.send({ type: 'stop' })
      return ended
    },
  }
}

/** A tab whose inject node runs `code` in a function node once, at the start. */
export function onceAtStart(code: string): Node[] {
  return [
    { id: 't-once', type: 'tab', label: 'once' },
    { id: 'i-once', type: 'inject', z: 't-once', props: [], repeat: '', crontab: '', once: true, onceDelay: 0.1, x: 0, y: 0, wires: [['f-once']] },
    { id: 'f-once', type: 'function', z: 't-once', func: code, outputs: 1, x: 0, y: 0, wires: [[]] },
  ]
}
