import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real server in a process of its own, on 127.0.0.1. */
export interface RealServer {
  readonly port: number
  readonly url: string
  readonly pid: number
  /** Again (after `kill` or `stop`), on the same port and files; resolves when it answers. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGTERM. */
  stop(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

const debianPackages = 'influxdb influxdb-client victoria-metrics mosquitto mosquitto-clients python3-paho-mqtt chromium systemd docker-compose'

/** InfluxDB 1.6. `database` is created unless it is null. */
export async function startInfluxd(set: { database?: string | null; port?: number; http?: string } = {}): Promise<RealServer> {
  const dir = await mkdtemp(join(tmpdir(), 'limen-influxd-'))
  const port = set.port ?? (await freePort())
  const file = join(dir, 'influxdb.conf')
  await writeFile(
    file,
    `reporting-disabled = true
bind-address = "127.0.0.1:${await freePort()}"
[meta]
dir = "${dir}/meta"
[data]
dir = "${dir}/data"
wal-dir = "${dir}/wal"
query-log-enabled = false
[http]
bind-address = "127.0.0.1:${port}"
log-enabled = false
${set.http ?? ''}
[monitor]
store-enabled = false
[logging]
level = "error"
`,
  )
  const server = await startServer({ command: 'influxd', args: ['-config', file], dir, port, ready: (url) => answers(`${url}/ping`) })
  const database = set.database === undefined ? 'limen' : set.database
  if (database !== null) await queryInfluxd(server, `CREATE DATABASE "${database}"`)
  return server
}

/** VictoriaMetrics, which takes InfluxDB 2 writes. Equal samples sent twice count once, as they do in InfluxDB. */
export async function startVictoriaMetrics(set: { port?: number } = {}): Promise<RealServer> {
  const dir = await mkdtemp(join(tmpdir(), 'limen-victoria-'))
  const port = set.port ?? (await freePort())
  const args = [`-httpListenAddr=127.0.0.1:${port}`, `-storageDataPath=${dir}`, '-retentionPeriod=100y', '-dedup.minScrapeInterval=1ms', '-search.latencyOffset=0s', '-loggerLevel=ERROR']
  return startServer({ command: 'victoria-metrics', args, dir, port, ready: (url) => answers(`${url}/health`) })
}

/** Mosquitto; `config` is added to a listener that lets everybody in. */
export async function startMosquitto(set: { port?: number; config?: string } = {}): Promise<RealServer> {
  const dir = await mkdtemp(join(tmpdir(), 'limen-mosquitto-'))
  const port = set.port ?? (await freePort())
  const file = join(dir, 'mosquitto.conf')
  await writeFile(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nlog_type error\n${set.config ?? ''}\n`)
  return startServer({ command: 'mosquitto', args: ['-c', file], dir, port, ready: () => accepts(port) })
}

/** A query's rows, each as an object; times are ISO 8601 unless `epoch` says otherwise. */
export async function queryInfluxd(server: RealServer, query: string, set: { database?: string; epoch?: 'ns' } = {}): Promise<Record<string, unknown>[]> {
  const parameters = new URLSearchParams({ db: set.database ?? 'limen', q: query, ...(set.epoch === undefined ? {} : { epoch: set.epoch }) })
  const response = await fetch(`${server.url}/query`, { method: 'POST', body: parameters })
  const answer = (await response.json()) as { error?: string; results?: { error?: string; series?: { columns: string[]; values: unknown[][]; tags?: Record<string, string> }[] }[] }
  const error = answer.error ?? answer.results?.[0]?.error
  if (error !== undefined) throw new Error(`InfluxDB answered "${error}" to: ${query}`)
  return (answer.results?.[0]?.series ?? []).flatMap(({ columns, values, tags }) =>
    values.map((row) => ({ ...tags, ...Object.fromEntries(columns.map((column, i) => [column, row[i]])) })),
  )
}

/** A port nobody listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly dir: string
  readonly port: number
  readonly ready: (url: string) => Promise<boolean>
}

async function startServer({ command, args, dir, port, ready }: Launch): Promise<RealServer> {
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let output = ''

  async function start(): Promise<void> {
    // Debian keeps some servers in sbin, which is not on every user's path.
    const started = spawn(command, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } })
    let failure: Error | undefined
    started.once('error', (error: NodeJS.ErrnoException) => {
      failure = error.code === 'ENOENT' ? new Error(`${command} is not on this machine; install it: apt-get install ${debianPackages}`) : error
    })
    started.once('exit', (code, signal) => {
      failure ??= new Error(`${command} ended (${String(signal ?? code)}):\n${output}`)
    })
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-10_000)
      })
    }
    child = started
    const deadline = performance.now() + 30_000
    while (!(await ready(url))) {
      if (failure !== undefined) throw failure
      if (performance.now() > deadline) {
        started.kill('SIGKILL')
        throw new Error(`${command} did not answer on ${url} within 30 s:\n${output}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    if (failure !== undefined) throw failure
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = child
    child = undefined
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
    const exit = once(ending, 'exit')
    ending.kill(signal)
    await exit
  }

  async function remove(): Promise<void> {
    await end('SIGKILL')
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }

  try {
    await start()
  } catch (error) {
    await remove()
    throw error
  }
  return {
    port,
    url,
    get pid() { return child?.pid ?? -1 },
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    signal: (signal) => void child?.kill(signal),
    remove,
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok
  } catch {
    // Not yet.
    return false
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
