import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asError, LimenError } from './kernel/errors.ts'

/** What `<data>/control.json` says of the gateway that runs on this data directory; whoever can read it is admin of it. */
export interface ControlFile {
  /** Base URL of its HTTP API. */
  readonly http: string
  /** Bearer token. */
  readonly token: string
  readonly pid: number
}

const fileOf = (dataDir: string): string => join(dataDir, 'control.json')

/** Readable by its owner alone; replaced in one step, so that no reader sees half of it. */
export async function writeControlFile(dataDir: string, { http, token }: { http: { readonly host: string; readonly port: number }; token: string }): Promise<void> {
  const host = http.host.includes(':') ? `[${http.host}]` : http.host
  const content: ControlFile = { http: `http://${host}:${http.port}`, token, pid: process.pid }
  const beside = `${fileOf(dataDir)}.${randomBytes(4).toString('hex')}`
  try {
    await writeFile(beside, JSON.stringify(content), { mode: 0o600 })
    await rename(beside, fileOf(dataDir))
  } catch (cause) {
    // Perhaps half of it is there; the first failure is the one to tell.
    await rm(beside, { force: true }).catch(() => {})
    throw new LimenError('STORE_FAILED', `${fileOf(dataDir)} cannot be written: ${asError(cause).message}`, { cause, remedy: `See that this user may write in ${dataDir} and that the disk has room.` })
  }
}

/** Only one's own: a gateway that failed to start must not take away the file of the one that runs. */
export async function removeControlFile(dataDir: string): Promise<void> {
  try {
    const { pid } = JSON.parse(await readFile(fileOf(dataDir), 'utf8')) as ControlFile
    if (pid === process.pid) await rm(fileOf(dataDir))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
  }
}
