import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchConfig, benchRules, loopingFlows } from './gateway-config.ts'
import type { FlowsLoad } from './gateway-config.ts'
import { launch } from './process.ts'
import type { Server } from './process.ts'

const here = import.meta.dirname

export const subjectNames = ['limen', 'aedes', 'mosquitto'] as const
export type SubjectName = (typeof subjectNames)[number]

export interface GatewayOptions {
  readonly commitWindow?: string
  readonly flows?: FlowsLoad
  readonly env?: Readonly<Record<string, string>>
  /** Instead of the bench's own; YAML. */
  readonly rules?: string
  /** Its folder, which stays with all that is in it; else one of its own that goes with it. */
  readonly directory?: string
  readonly readyWithinMs?: number
}

/** The gateway as its users start it. */
export async function startGateway(options: GatewayOptions = {}): Promise<Server> {
  const dir = options.directory ?? (await mkdtemp(join(tmpdir(), 'limen-bench-')))
  const config = join(dir, 'limen.yaml')
  await writeFile(config, benchConfig(options))
  await writeFile(join(dir, 'rules.yaml'), options.rules ?? benchRules())
  if (options.flows === 'looping') {
    await mkdir(join(dir, 'data', 'flows'), { recursive: true, mode: 0o700 })
    await writeFile(join(dir, 'data', 'flows', 'flows.json'), loopingFlows())
  }
  return launch({
    subject: 'limen',
    command: process.execPath,
    args: [join(here, '../../gateway/main.ts'), 'start', '--config', config],
    ready: /limen ready mqtt=\S+:(\d+) http=\S+:(\d+)/,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.readyWithinMs === undefined ? {} : { readyWithinMs: options.readyWithinMs }),
    ...(options.directory === undefined ? { afterStop: () => rm(dir, { recursive: true, force: true }) } : {}),
  })
}

/** Bare aedes; with `alarms` it also answers readings above the limit, from memory. */
export function startBareAedes(options: { alarms?: boolean } = {}): Promise<Server> {
  return launch({
    subject: 'bare aedes',
    command: process.execPath,
    args: [join(here, 'baseline-aedes.ts'), ...(options.alarms === true ? ['--alarm-above', '120'] : [])],
    ready: /mqtt=\S+:(\d+)/,
    // as the gateway does: compiled code from an earlier start, no stripping of types
    env: { NODE_COMPILE_CACHE: join(here, '../../.cache/compile') },
  })
}

/** The server that only answers: the ceiling of the generator. */
export function startTrivial(): Promise<Server> {
  return launch({ subject: 'answers only', command: process.execPath, args: [join(here, 'trivial.ts')], ready: /mqtt=\S+:(\d+)/ })
}

/** Version of the mosquitto on the path, or undefined when there is none. */
export function mosquittoVersion(): string | undefined {
  try {
    execFileSync('mosquitto', ['-h'], { stdio: 'pipe' })
    return 'unknown'
  } catch (error) {
    // `mosquitto -h` prints its version and leaves with 3
    const out = (error as { stdout?: Buffer }).stdout?.toString() ?? ''
    return /mosquitto version (\S+)/.exec(out)?.[1]
  }
}

/** Mosquitto with its defaults, nothing stored, TCP_NODELAY on its side too. */
export async function startMosquitto(): Promise<Server> {
  const dir = await mkdtemp(join(tmpdir(), 'limen-bench-mosquitto-'))
  const port = await freePort()
  const config = join(dir, 'mosquitto.conf')
  await writeFile(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\nlog_dest stderr\nlog_type error\nuser root\n`)
  return launch({
    subject: 'mosquitto',
    command: 'mosquitto',
    args: ['-c', config],
    ready: port,
    afterStop: () => rm(dir, { recursive: true, force: true }),
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address !== 'object') throw new Error('no free port')
  return address.port
}
