import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cancel, Clock } from './kernel/clock.ts'
import { asError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'
import type { RunCredential } from './kernel/principal.ts'

/** What `<data>/control.json` says of the gateway that runs on this data directory; whoever can read it is admin of it. */
export interface ControlFileContent {
  /** Base URL of its HTTP API. */
  readonly http: string
  /** Bearer token. */
  readonly token: string
  readonly pid: number
}

const againMs = 5_000

/** What the command line on this machine comes with; anew at every start of the gateway. */
export function createControlCredential(): RunCredential {
  return { token: randomBytes(32).toString('base64url'), principal: Object.freeze({ kind: 'user', name: 'limen', role: 'admin' }) }
}

/**
 * Tells commands on this machine where the running gateway is. A disk that is full at the start does not keep the gateway
 * from starting: it comes up unready, and writes the file when there is room.
 */
export function createControlFile(
  { dataDir, token, http }: { readonly dataDir: string; readonly token: string; readonly http: () => { readonly host: string; readonly port: number } },
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): { start(): Promise<void>; stop(): Promise<void> } {
  const path = join(dataDir, 'control.json')
  let cancel: Cancel = () => {}
  let stopped = false

  /** Readable by its owner alone; replaced in one step, so that no reader sees half of it. */
  async function write(): Promise<void> {
    const { host, port } = http()
    const content: ControlFileContent = { http: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, token, pid: process.pid }
    const beside = `${path}.${randomBytes(4).toString('hex')}`
    try {
      await writeFile(beside, JSON.stringify(content), { mode: 0o600 })
      await rename(beside, path)
    } finally {
      await rm(beside, { force: true })
    }
  }

  async function start(): Promise<void> {
    try {
      await write()
    } catch (thrown) {
      logger.warn({ path, reason: asError(thrown).message, againMs }, 'cannot be written; commands on this machine do not find the gateway until it can')
      if (!stopped) cancel = clock.after(againMs, () => void start())
    }
  }

  return {
    start,
    /** Only one's own: a gateway that failed to start must not take away the file of the one that runs. */
    async stop() {
      stopped = true
      cancel()
      try {
        const { pid } = JSON.parse(await readFile(path, 'utf8')) as ControlFileContent
        if (pid === process.pid) await rm(path)
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
      }
    },
  }
}
