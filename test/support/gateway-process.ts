import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const main = resolve(import.meta.dirname, '../../gateway/main.ts')

export interface GatewayProcess {
  readonly dir: string
  readonly configFile: string
  /** Of the newest start. */
  readonly mqttPort: number
  readonly httpPort: number
  readonly mqttUrl: string
  readonly httpUrl: string
  readonly pid: number
  /** Starts it again (after `kill` or `stop`) on the same files. */
  start(): Promise<void>
  kill(): Promise<void>
  /** SIGTERM; gives the exit code. */
  stop(): Promise<number | null>
  /** To the running process: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void
  /** What it wrote to standard error, all starts. */
  stderr(): string
  /** Runs another command of `limen` with this configuration appended. */
  run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/**
 * The whole gateway as users start it, in a process and a folder of its own, on free ports.
 * `main`: another program than `limen`, started in the same way. `files` are written beside limen.yaml; `yaml` is added to the two listeners on port 0. Without flows unless `yaml` says so.
 */
export async function startGatewayProcess(set: { yaml?: string; main?: string; files?: Readonly<Record<string, string>>; env?: Readonly<Record<string, string>> } = {}): Promise<GatewayProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'limen-e2e-'))
  const configFile = join(dir, 'limen.yaml')
  const flows = /^flows:/m.test(set.yaml ?? '') ? '' : 'flows: { mode: off }\n'
  await writeFile(configFile, `site: test\nmqtt: { host: 127.0.0.1, port: 0 }\nhttp: { host: 127.0.0.1, port: 0 }\n${flows}${set.yaml ?? ''}`)
  for (const [name, text] of Object.entries(set.files ?? {})) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), text)
  }
  let child: ChildProcess | undefined
  let ports = { mqtt: 0, http: 0 }
  let stderr = ''

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [set.main ?? main, 'start', '--config', configFile], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...set.env } })
    child = started
    // Who is broken off leaves no gateway behind.
    const orphan = (): void => void started.kill('SIGKILL')
    process.once('exit', orphan)
    started.once('exit', () => process.off('exit', orphan))
    started.stderr.on('data', (chunk: Buffer) => { stderr = (stderr + chunk.toString()).slice(-100_000) })
    const exited = once(started, 'exit').then(([code]) => { throw new Error(`the gateway ended with ${String(code)} before it was ready:\n${stderr}`) })
    exited.catch(() => {})
    const ready = (async () => {
      for await (const line of createInterface({ input: started.stdout })) {
        const match = /^limen ready mqtt=\S+:(\d+) http=\S+:(\d+)$/.exec(line)
        if (match !== null) return { mqtt: Number(match[1]), http: Number(match[2]) }
      }
      return exited
    })()
    ports = await Promise.race([ready, exited])
    started.stdout.resume()
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return ending?.exitCode ?? null
    const exit = once(ending, 'exit') as Promise<[number | null]>
    ending.kill(signal)
    return (await exit)[0]
  }

  try {
    await start()
  } catch (thrown) {
    await rm(dir, { recursive: true, force: true })
    throw thrown
  }
  return {
    dir,
    configFile,
    get mqttPort() { return ports.mqtt },
    get httpPort() { return ports.http },
    get mqttUrl() { return `mqtt://127.0.0.1:${ports.mqtt}` },
    get httpUrl() { return `http://127.0.0.1:${ports.http}` },
    get pid() { return child?.pid ?? -1 },
    start,
    kill: async () => { await end('SIGKILL') },
    stop: () => end('SIGTERM'),
    signal: (signal) => void child?.kill(signal),
    stderr: () => stderr,
    async run(...args) {
      const command = spawn(process.execPath, [main, ...args, '--config', configFile], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...set.env } })
      let out = ''
      let err = ''
      command.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
      command.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
      const [code] = await (once(command, 'close') as Promise<[number]>)
      return { code, stdout: out, stderr: err }
    },
    async remove() {
      await end('SIGKILL')
      await rm(dir, { recursive: true, force: true })
    },
  }
}
