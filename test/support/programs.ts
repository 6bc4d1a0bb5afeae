import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'

export interface Where {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** To run it as another than oneself; only root may. */
  readonly uid?: number | undefined
}
export interface Ended { readonly code: number | null; readonly out: string; readonly err: string }

/** As in a shell of somebody who has Node 24 and never heard of this checkout: nothing of the npm that runs the tests. */
export function freshEnv(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name, value]) => value !== undefined && !/^(?:npm_|LIMEN_|NODE$|NODE_(?:OPTIONS|PATH|ENV|COMPILE_CACHE)|VITEST|INIT_CWD)/i.test(name)) as [string, string][]
  return { ...Object.fromEntries(kept), PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`, ...more }
}

/** Runs a program to its end. */
export async function run(command: string, args: readonly string[], where: Where): Promise<Ended> {
  const child = open(command, args, where)
  const words = hear(child)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, ...words() }
}

/** The same where it has to succeed. */
export async function mustRun(command: string, args: readonly string[], where: Where): Promise<string> {
  const { code, out, err } = await run(command, args, where)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}:\n${out}${err}`.slice(0, 20_000))
  return out
}

export interface StartedLimen {
  readonly pid: number
  readonly mqttPort: number
  readonly httpUrl: string
  /** Milliseconds from the start to the ready line. */
  readonly readyMs: number
  /** SIGTERM; gives how it ended and all that it said. */
  stop(): Promise<Ended>
}

/** `limen start` however it was installed, awaited until its ready line. */
export async function startLimen(command: string, args: readonly string[], where: Where): Promise<StartedLimen> {
  const startedAt = performance.now()
  const child = open(command, args, where)
  // Who is broken off leaves no gateway behind.
  const orphan = (): void => void child.kill('SIGKILL')
  process.once('exit', orphan)
  const words = hear(child)
  const closed = once(child, 'close').then(([code]): Ended => {
    process.off('exit', orphan)
    return { code: code as number | null, ...words() }
  })
  const ready = await Promise.race([
    new Promise<RegExpExecArray>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        const match = /^limen ready mqtt=\S+:(\d+) http=\S+:(\d+)$/.exec(line)
        if (match !== null) resolve(match)
      })
    }),
    closed.then(({ code, err }) => { throw new Error(`limen ended with ${String(code)} before it was ready:\n${err}`) }),
  ])
  return {
    pid: child.pid!,
    mqttPort: Number(ready[1]),
    httpUrl: `http://127.0.0.1:${ready[2]!}`,
    readyMs: performance.now() - startedAt,
    stop() {
      child.kill('SIGTERM')
      return closed
    },
  }
}

function open(command: string, args: readonly string[], { cwd, env, uid }: Where) {
  const as = uid === undefined ? {} : { uid, gid: uid }
  return spawn(command, args, { cwd, env: freshEnv(env), stdio: ['ignore', 'pipe', 'pipe'], ...as })
}

function hear(child: { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream }): () => { out: string; err: string } {
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => { out += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { err += chunk.toString() })
  return () => ({ out, err })
}
