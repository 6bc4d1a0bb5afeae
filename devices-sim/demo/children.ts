import { spawn } from 'node:child_process'

/** A process that belongs to the demonstration. */
export interface Child {
  readonly name: string
  readonly pid: number | undefined
  /** Resolves with how it ended: an exit code or a signal. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** What it said last. */
  lastWords(): string
  /** SIGTERM, then SIGKILL when it takes too long. */
  stop(withinMs: number): Promise<void>
}

/**
 * Starts a Node program. It is in a process group of its own: Ctrl-C reaches the demonstration alone,
 * which then ends the others in order, each once.
 */
export function startChild(name: string, args: readonly string[], options: { env?: Readonly<Record<string, string>>; onLine?: (line: string) => void } = {}): Child {
  const child = spawn(process.execPath, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } })
  let words = ''
  let rest = ''
  const hear = (chunk: Buffer): void => void (words = (words + chunk.toString()).slice(-3_000))
  child.stderr.on('data', hear)
  child.stdout.on('data', (chunk: Buffer) => {
    hear(chunk)
    const lines = (rest + chunk.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) options.onLine?.(line)
  })
  let alive = true
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('error', (error) => {
      alive = false
      words += error.message
      resolve(1)
    })
    child.once('close', (code, signal) => {
      alive = false
      resolve(code ?? signal ?? 1)
    })
  })
  // whatever happens to the demonstration, nothing of it stays behind
  process.once('exit', () => alive && child.kill('SIGKILL'))
  return {
    name,
    pid: child.pid,
    ended,
    lastWords: () => words.trim(),
    async stop(withinMs) {
      if (!alive) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await ended
      clearTimeout(timer)
    },
  }
}
