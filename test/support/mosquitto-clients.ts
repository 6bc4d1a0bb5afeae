import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from './eventually.ts'

/** What a stock client said and how it ended. */
export interface ClientEnd { readonly code: number | null; readonly stdout: string; readonly stderr: string }

function start(command: string, args: readonly string[]): { child: ChildProcess; end: Promise<ClientEnd>; stdout: () => string; stderr: () => string } {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
  child.stderr.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const failed = once(child, 'error').then(([error]) => {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Error(`${command} is not on this machine; install it: apt-get install mosquitto-clients coreutils`) : (error as Error)
  })
  const end = Promise.race([failed, once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))])
  end.catch(() => {})
  return { child, end, stdout: () => stdout, stderr: () => stderr }
}

/** Runs `mosquitto_pub` to its end; what it reads from standard input, if anything, is `input`. */
export function mosquittoPub(port: number, args: readonly string[], input?: string | Buffer): Promise<ClientEnd> {
  const { child, end } = start('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(port), ...args])
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  return end
}

/** Runs `mosquitto_sub` to its end (`-C`, `-W` or a refusal ends it); it leaves with 27 when its time (`-W`) is over. */
export function mosquittoSub(port: number, args: readonly string[]): Promise<ClientEnd> {
  return start('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(port), ...args]).end
}

export interface Subscription {
  /** Lines received so far. */
  readonly lines: () => readonly string[]
  /** Once there are so many. */
  take(count: number): Promise<readonly string[]>
  /** SIGTERM: it disconnects; SIGKILL: its will is published. */
  end(signal?: NodeJS.Signals): Promise<ClientEnd>
}

/** `mosquitto_sub` that runs until it is ended; resolves once its subscription is granted. */
export async function openMosquittoSub(port: number, args: readonly string[]): Promise<Subscription> {
  const { child, end, stdout, stderr } = start('stdbuf', ['-oL', 'mosquitto_sub', '-d', '-h', '127.0.0.1', '-p', String(port), ...args])
  let ended: ClientEnd | undefined
  end.then((how) => { ended = how }, () => {})
  await eventually('mosquitto_sub to be granted its subscription', () => {
    if (ended !== undefined) throw new Error(`mosquitto_sub ended with ${ended.code}: ${ended.stderr}${ended.stdout}`)
    return /^Subscribed \(mid: /m.test(stdout())
  })
  // With -d it tells what it does, between the messages.
  const lines = (): string[] => stdout().split('\n').slice(0, -1).filter((line) => line !== '' && !/^(?:Client |Subscribed )/.test(line))
  return {
    lines,
    take: (count) => eventually(`${count} messages for mosquitto_sub ${args.join(' ')}\n${stderr()}`, () => (lines().length >= count ? lines() : undefined)),
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      return end
    },
  }
}
