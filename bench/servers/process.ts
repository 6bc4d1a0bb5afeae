import { spawn } from 'node:child_process'
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

/** A server under test: a process of its own, known by its pid and its MQTT port. */
export interface Server {
  readonly subject: string
  readonly pid: number
  readonly port: number
  /** Where its metrics are, if it has any. */
  readonly httpPort: number | undefined
  /** From spawn until it said it was ready. */
  readonly readyMs: number
  /** Asks it to stop, waits; throws if it does not leave cleanly. */
  stop(): Promise<void>
}

export interface Launch {
  readonly subject: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly readyWithinMs?: number
  /** Finds the MQTT port, and perhaps the HTTP port, in standard output; or the port itself, where the server does not say when it is ready. */
  readonly ready: RegExp | number
  /** What it may leave with on SIGTERM. */
  readonly exitCodes?: readonly number[]
  readonly afterStop?: () => Promise<void>
}

/** Starts it and resolves once it says that it listens; its last words are in the error if it does not. */
export async function launch(options: Launch): Promise<Server> {
  const startedAt = performance.now()
  const child = spawn(options.command, options.args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } })
  // a bench that is broken off leaves no server behind
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  let words = ''
  const hear = (chunk: Buffer): void => void (words = (words + chunk.toString()).slice(-4_000))
  child.stderr.on('data', hear)
  const ports = await readyPorts(child, options, { hear, words: () => words }).catch(async (error: unknown) => {
    await options.afterStop?.()
    throw error
  })
  return { subject: options.subject, pid: child.pid!, ...ports, readyMs: performance.now() - startedAt, stop: () => stopChild(child, options, () => words) }
}

interface Ports { readonly port: number; readonly httpPort: number | undefined }

function readyPorts(child: ChildProcessByStdio<null, Readable, Readable>, options: Launch, said: { hear: (chunk: Buffer) => void; words: () => string }): Promise<Ports> {
  return new Promise<Ports>((resolve, reject) => {
    let out = ''
    const timer = setTimeout(() => fail('is not ready in time'), options.readyWithinMs ?? 20_000)
    function fail(why: string): void {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`${options.subject} ${why}: ${options.command} ${options.args.join(' ')}\n${said.words().trim()}`))
    }
    child.once('error', (error) => fail(error.message))
    const early = (code: number | null, signal: string | null): void => fail(`ended at start (${code ?? signal})`)
    child.once('exit', early)
    child.stdout.on('data', (chunk: Buffer) => {
      said.hear(chunk)
      if (typeof options.ready === 'number') return
      out = (out + chunk.toString()).slice(-4_000)
      const match = options.ready.exec(out)
      if (match !== null) succeed({ port: Number(match[1]), httpPort: match[2] === undefined ? undefined : Number(match[2]) })
    })
    if (typeof options.ready === 'number') listens(options.ready, () => child.exitCode === null).then(succeed, () => undefined)
    function succeed(ports: Ports): void {
      clearTimeout(timer)
      child.off('exit', early)
      resolve(ports)
    }
  })
}

/** Knocks until somebody answers; gives up silently when the process has ended, which is told elsewhere. */
async function listens(port: number, alive: () => boolean): Promise<Ports> {
  while (alive()) {
    const up = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (up) return { port, httpPort: undefined }
    await sleep(10)
  }
  throw new Error('ended')
}

async function stopChild(child: ChildProcess, options: Launch, words: () => string): Promise<void> {
  const exited = child.exitCode !== null || child.signalCode !== null
  if (!exited) {
    const leaving = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    await leaving
    clearTimeout(timer)
  }
  await options.afterStop?.()
  if (exited || !(options.exitCodes ?? [0]).includes(child.exitCode ?? -1)) {
    throw new Error(`${options.subject} ${exited ? 'died during the measurement' : 'did not stop cleanly'} (exit ${child.exitCode ?? child.signalCode})\n${words().trim()}`)
  }
}
