import { randomUUID } from 'node:crypto'
import { chown, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { asError, LimenError } from '../kernel/errors.ts'
import type { Role } from '../kernel/principal.ts'
import { isPasswordHash } from './passwords.ts'

export interface DeviceCredential { readonly id: string; readonly user: string; readonly hash: string; readonly createdAt: string }
export interface UserCredential { readonly name: string; readonly role: Role; readonly hash: string; readonly createdAt: string }

/** `<data>/credentials.json`. Hashes only; a secret is nowhere on disk. */
export interface Credentials {
  readonly devices: readonly DeviceCredential[]
  readonly users: readonly UserCredential[]
}

export const noCredentials: Credentials = Object.freeze({ devices: [], users: [] })

export const roles: readonly Role[] = ['viewer', 'operator', 'admin']

export function credentialsPath(dataDir: string): string {
  return join(dataDir, 'credentials.json')
}

/** Empty where there is no file yet. Throws CONFIG_INVALID for one that cannot be understood. */
export async function readCredentials(dataDir: string): Promise<Credentials> {
  const path = credentialsPath(dataDir)
  let json: string
  try {
    json = await readFile(path, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return noCredentials
    throw damaged(path, asError(thrown).message, thrown)
  }
  try {
    return parseCredentials(JSON.parse(json))
  } catch (thrown) {
    throw damaged(path, asError(thrown).message, thrown)
  }
}

/** Tells one version of the file from the next; `none` where there is no file. */
export async function credentialsStamp(dataDir: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(credentialsPath(dataDir), { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
    throw asError(thrown)
  }
}

/**
 * Reads, changes and replaces the file while nobody else does: the lock is the kernel's on `credentials.lock` (SQLite's
 * exclusive transaction), so it ends with the process that holds it, however that ends.
 * Durable when it resolves. `change` gives undefined to leave all as it is.
 */
export async function updateCredentials(dataDir: string, change: (now: Credentials) => Promise<Credentials | undefined>): Promise<void> {
  const unlock = await lock(dataDir)
  try {
    const next = await change(await readCredentials(dataDir))
    if (next !== undefined) await replace(dataDir, next)
  } finally {
    unlock()
  }
}

const lockPatienceMs = 10_000
const lockPauseMs = 20

async function lock(dataDir: string): Promise<() => void> {
  const path = join(dataDir, 'credentials.lock')
  try {
    await (await open(path, 'a', 0o600)).close()
    await belongToDirectory(dataDir, path)
  } catch (thrown) {
    throw unwritable(dataDir, thrown)
  }
  const { DatabaseSync } = await import('node:sqlite')
  for (let waitedMs = 0; ; waitedMs += lockPauseMs) {
    const database = new DatabaseSync(path)
    try {
      database.exec('BEGIN EXCLUSIVE')
      return () => database.close()
    } catch (thrown) {
      database.close()
      const busy = (thrown as { errcode?: number }).errcode === 5 /* SQLITE_BUSY */
      if (!busy) throw unwritable(dataDir, thrown)
      if (waitedMs >= lockPatienceMs) {
        throw new LimenError('CONFLICT', `another limen has been changing ${credentialsPath(dataDir)} for ${lockPatienceMs / 1000} s`, {
          cause: thrown,
          remedy: 'wait until it has ended and try again',
        })
      }
    }
    await sleep(lockPauseMs)
  }
}

async function replace(dataDir: string, next: Credentials): Promise<void> {
  const path = credentialsPath(dataDir)
  const temporary = `${path}.${randomUUID()}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify({ version: 1, ...next }, undefined, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await belongToDirectory(dataDir, temporary)
    await rename(temporary, path)
    const directory = await open(dataDir, 'r')
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  } catch (thrown) {
    await rm(temporary, { force: true })
    throw unwritable(dataDir, thrown)
  }
}

/** `sudo limen device add` must not leave a file that the gateway's own user cannot read. */
async function belongToDirectory(dataDir: string, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = await stat(dataDir)
  await chown(path, uid, gid)
}

function parseCredentials(value: unknown): Credentials {
  const file = record(value, 'the file')
  if (file['version'] !== 1) throw new Error(`version: expected 1, found ${JSON.stringify(file['version'])}`)
  const devices = list(file['devices'], 'devices').map((entry, index) => {
    const place = `devices[${index}]`
    const device = record(entry, place)
    return Object.freeze({ id: text(device, 'id', place), user: text(device, 'user', place), hash: hash(device, place), createdAt: text(device, 'createdAt', place) })
  })
  const users = list(file['users'], 'users').map((entry, index) => {
    const place = `users[${index}]`
    const user = record(entry, place)
    const role = roles.find((known) => known === user['role'])
    if (role === undefined) throw new Error(`${place}.role: expected one of ${roles.join(', ')}`)
    return Object.freeze({ name: text(user, 'name', place), role, hash: hash(user, place), createdAt: text(user, 'createdAt', place) })
  })
  return Object.freeze({ devices, users })
}

function record(value: unknown, place: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${place}: expected an object`)
  return value as Record<string, unknown>
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${place}: expected a list`)
  return value
}

function text(entry: Record<string, unknown>, name: string, place: string): string {
  const value = entry[name]
  if (typeof value !== 'string' || value === '') throw new Error(`${place}.${name}: expected a text`)
  return value
}

function hash(entry: Record<string, unknown>, place: string): string {
  const value = text(entry, 'hash', place)
  if (!isPasswordHash(value)) throw new Error(`${place}.hash: expected a PHC string of argon2id or scrypt`)
  return value
}

function damaged(path: string, why: string, cause: unknown): LimenError {
  return new LimenError('CONFIG_INVALID', `${path} cannot be read: ${why}`, {
    cause,
    remedy: 'bring it back from a backup, or remove it and make the credentials anew with limen device add and limen user add',
  })
}

function unwritable(dataDir: string, cause: unknown): LimenError {
  return new LimenError('STORE_FAILED', `credentials cannot be written in ${dataDir}: ${asError(cause).message}`, {
    cause,
    remedy: 'check that the data directory exists, belongs to the user limen runs as, and that the disk is not full',
  })
}
