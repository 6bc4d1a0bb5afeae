import { createRequire } from 'node:module'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from './durable.ts'
import type { Credentials, FlowFiles, Flows } from './flow-files.ts'

type Settings = Readonly<Record<string, unknown>>
type Part = Readonly<Record<string, (...args: never[]) => unknown>>

/**
 * Node-RED's storage: flows and credentials are ours (versions, both or neither after a kill), the rest is its own `localfilesystem`
 * without the projects, which would load Git tools. Its parts write beside and rename with fsync, too.
 */
export function createStorage(deps: { files: FlowFiles; onSaved: (by: string) => void }): Readonly<Record<string, unknown>> {
  const { files, onSaved } = deps
  // Wherever npm has put it: beside node-red or inside.
  const fromNodeRed = createRequire(createRequire(import.meta.url).resolve('node-red'))
  const part = (name: string): Part => fromNodeRed(`@node-red/runtime/lib/storage/localfilesystem/${name}`) as Part
  const [settingsPart, libraryPart, sessionsPart] = [part('settings'), part('library'), part('sessions')]
  /** Node-RED saves credentials first, then flows; they are written together. */
  let credentials: Credentials | undefined
  let last: Promise<void> = Promise.resolve()

  async function save(flows: Flows, by: string): Promise<void> {
    credentials ??= await files.readCredentials()
    await files.write(flows, credentials)
    onSaved(by)
  }

  return {
    async init(settings: Settings & { readonly userDir: string }) {
      await mkdir(join(settings.userDir, 'node_modules'), { recursive: true })
      // Node-RED asks it which modules the user has installed: none.
      await writeDurably(join(settings.userDir, 'package.json'), '{ "name": "limen-flows", "private": true }\n')
      const init = async (one: Part): Promise<void> => { await (one['init'] as (given: Settings) => unknown)(settings) }
      await init(sessionsPart)
      await init(settingsPart)
      await init(libraryPart)
      await files.prepare()
    },
    getFlows: () => files.readFlows(),
    async getCredentials() {
      credentials = await files.readCredentials()
      return credentials
    },
    async saveCredentials(given: Credentials) {
      credentials = given
    },
    saveFlows(flows: Flows, user?: { readonly username?: string }) {
      const saving = last.then(() => save(flows, user?.username ?? 'editor'))
      last = saving.catch(() => {})
      return saving
    },
    getSettings: settingsPart['getSettings'],
    saveSettings: settingsPart['saveSettings'],
    getSessions: sessionsPart['getSessions'],
    saveSessions: sessionsPart['saveSessions'],
    getLibraryEntry: libraryPart['getLibraryEntry'],
    saveLibraryEntry: libraryPart['saveLibraryEntry'],
  }
}
