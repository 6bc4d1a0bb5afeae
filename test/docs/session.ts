import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { ownGateway } from '../support/own-gateway.ts'
import { root } from './markdown.ts'

export interface Ended { readonly code: number | null; readonly output: string }

/** A gateway of its own, a folder with its configuration, and a shell in it: where the commands of one page are run, in their order. */
export interface Session {
  readonly gateway: GatewayProcess
  readonly dir: string
  /** Runs one command line to its end. */
  run(line: string): Promise<Ended>
  /** Runs one that does not end by itself until its output matches; then SIGTERM. Meanwhile things happen at the gateway. */
  runUntil(line: string, output: RegExp): Promise<Ended>
  /** A script of a page, in a file beside the configuration. */
  startScript(name: string, text: string, args?: readonly string[]): Promise<Running>
  /** What a command wrote into a file of this folder: `> readings.csv`. */
  writtenBy(line: string): string
  /** What the text says of ports, with the real ones. */
  withPorts(text: string): string
}

export interface Running {
  output(): string
  stop(): Promise<Ended>
  readonly ended: Promise<Ended>
}

export interface SessionSet {
  readonly yaml?: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** The real curl and mosquitto clients instead of the stand-ins. */
  readonly realTools: boolean
  readonly influxPort?: number
  /** Further ports of the text, and what stands for them. */
  readonly ports?: Readonly<Record<number, number>>
}

const standIns: Readonly<Record<string, readonly string[]>> = { curl: ['curl.ts'], mosquitto_pub: ['mosquitto.ts', 'mosquitto_pub'], mosquitto_sub: ['mosquitto.ts', 'mosquitto_sub'] }

export async function openSession({ realTools, influxPort, ports: further = {}, ...set }: SessionSet): Promise<Session> {
  const gateway = await ownGateway(set)
  const { dir } = gateway
  const bin = join(dir, 'bin')
  await mkdir(bin)
  await writeProgram(join(bin, 'limen'), [join(root, 'gateway/main.ts')])
  if (!realTools) for (const [name, [file, ...args]] of Object.entries(standIns)) await writeProgram(join(bin, name), [join(import.meta.dirname, 'stand-ins', file!), ...args])
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'))
  const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'limen-docs-compile-cache'), ...set.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }

  function withPorts(text: string): string {
    const ports: Readonly<Record<string, number | undefined>> = { 1883: gateway.mqttPort, 8080: gateway.httpPort, 8086: influxPort, ...further }
    return text.replace(/\b\d{4}\b/g, (number) => String(ports[number] ?? number))
  }

  /** What the reader's machine has by default is said here: the ports, and a curl that fails when the answer is a refusal. */
  function asTyped(line: string): string {
    return withPorts(line)
      .replace(/^(?:npm run limen --|sudo (?:-u limen )?limen)/, 'limen')
      // What belongs to the service on a machine: its configuration is made here, its data are those of the gateway that runs.
      .replace(/(?<= )\/etc\/limen\b/g, 'etc')
      .replace(/(?<= )\/var\/lib\/limen\b/g, 'data')
      .replace(/^npm start(?: --)?/, 'limen start')
      .replace(/^limen start(?!.*--data)/, 'limen start --data second-data')
      .replace(/^limen start/, 'LIMEN_MQTT__PORT=0 LIMEN_HTTP__PORT=0 limen start')
      .replace(/\bmosquitto_(pub|sub)\b/g, `mosquitto_$1 -p ${gateway.mqttPort}`)
      .replace(/\bcurl\b/g, 'curl --fail-with-body -sS')
      .replace(/\blimen simulate(?!.*--url)/, `limen simulate --url ${gateway.mqttUrl}`)
      .replace(/\binflux -/, `influx -port ${influxPort} -`)
  }

  function launch(command: string, args: readonly string[]): Running {
    const child = spawn(command, args, { cwd: dir, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
    onTestFinished(() => killGroup(child, 'SIGKILL'))
    return {
      ended,
      output: () => output,
      async stop() {
        killGroup(child, 'SIGTERM')
        return ended
      },
    }
  }

  return {
    gateway,
    dir,
    withPorts,
    writtenBy(line) {
      const file = /(?:>|-o) (\S+)$/.exec(line)?.[1]
      return file !== undefined && existsSync(join(dir, file)) ? readFileSync(join(dir, file), 'utf8') : ''
    },
    run: (line) => launch('sh', ['-c', asTyped(line)]).ended,
    async runUntil(line, output) {
      const running = launch('sh', ['-c', asTyped(line)])
      let over: Ended | undefined
      void running.ended.then((ended) => { over = ended })
      const stopRinging = /events|stream/.test(line) ? ring(gateway) : async () => {}
      try {
        await eventually(`${String(output)} from: ${line}`, () => {
          if (output.test(running.output())) return true
          if (over !== undefined) throw new Error(`it ended with ${over.code} before it said ${String(output)}: ${line}\n${over.output}`)
          return undefined
        })
      } finally {
        await stopRinging()
      }
      return running.stop()
    },
    async startScript(name, text, args = []) {
      await writeFile(join(dir, name), withPorts(text))
      return launch(process.execPath, [join(dir, name), ...args])
    },
  }
}

/** Whoever listens to events hears some: a device comes and goes. */
function ring(gateway: GatewayProcess): () => Promise<void> {
  const ending = new AbortController()
  const work = (async () => {
    const client = await connectAsync(gateway.mqttUrl, { reconnectPeriod: 0 })
    for (let round = 0; !ending.signal.aborted; round++) {
      await client.publishAsync('devices/bell/status', round % 2 === 0 ? 'online' : 'offline', { qos: 1 })
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await client.endAsync()
  })()
  return async () => {
    ending.abort()
    await work
  }
}

async function writeProgram(file: string, args: readonly string[]): Promise<void> {
  const words = [process.execPath, '--disable-warning=ExperimentalWarning', ...args].map((word) => `'${word}'`).join(' ')
  await writeFile(file, `#!/bin/sh\nexec ${words} "$@"\n`)
  await chmod(file, 0o755)
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch (thrown) {
    // Gone meanwhile.
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown
  }
}
