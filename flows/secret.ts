import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from './durable.ts'

/** What encrypts the credentials of nodes: made once, kept in the user directory, mode 0600. Lost, they have to be entered anew. */
export async function credentialSecret(dir: string): Promise<string> {
  const file = join(dir, 'credential-secret')
  const kept = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return ''
    throw thrown
  })
  if (kept.trim() !== '') return kept.trim()
  const made = randomBytes(32).toString('base64url')
  await writeDurably(file, `${made}\n`)
  return made
}
