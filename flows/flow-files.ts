import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder, writeDurably } from './durable.ts'

export type Flows = readonly Readonly<Record<string, unknown>>[]
export type Credentials = Readonly<Record<string, unknown>>

export interface FlowFiles {
  /** Ends or drops a deploy that was cut off, seeds an empty directory. Once, before anything is read. */
  prepare(): Promise<void>
  /** Damaged files are left as they are; the newest good version stands in, and `onProblem` hears of it. */
  readFlows(): Promise<Flows>
  readCredentials(): Promise<Credentials>
  /** Keeps what was there as a version and replaces both files: after a kill at any point either the old pair or the new one is there. */
  write(flows: Flows, credentials: Credentials): Promise<void>
}

export interface FlowFilesOptions {
  readonly dir: string
  /** What an empty directory begins with. */
  readonly seedFile: string
  /** Versions kept. Default 20. */
  readonly keep?: number
}

const flowsName = 'flows.json'
const credentialsName = 'flows_cred.json'
const versionsName = 'versions'
/** The new pair, complete on disk before either file is replaced. */
const pendingName = 'pending-deploy.json'

interface Pending {
  /** Of the flows.json it replaces: `inode:mtime`. Another one has been put there since: the deploy no longer counts. */
  readonly replaces: string
  readonly flows: string
  readonly credentials: string
}

export function createFlowFiles(options: FlowFilesOptions, deps: { now: () => number; onProblem: (message: string) => void }): FlowFiles {
  const { dir, keep = 20 } = options
  const { onProblem } = deps
  const flowsFile = join(dir, flowsName)
  const credentialsFile = join(dir, credentialsName)
  const versionsDir = join(dir, versionsName)
  const pendingFile = join(dir, pendingName)
  /** The version that stands in for a damaged flows.json; its credentials go with it. */
  let standIn: string | undefined

  async function prepare(): Promise<void> {
    await mkdir(versionsDir, { recursive: true, mode: 0o700 })
    await finishPending()
    if (await textOf(flowsFile) === undefined && (await versions()).length === 0) await writeDurably(flowsFile, await readFile(options.seedFile, 'utf8'))
  }

  async function finishPending(): Promise<void> {
    const text = await textOf(pendingFile)
    if (text === undefined) return
    const pending = parse(text) as Pending | undefined
    if (pending !== undefined && pending.replaces === await stampOf(flowsFile)) {
      await writeDurably(credentialsFile, pending.credentials)
      await writeDurably(flowsFile, pending.flows)
    }
    await rm(pendingFile, { force: true })
  }

  async function versions(): Promise<string[]> {
    const names = await readdir(versionsDir).catch(() => [])
    return names.filter((name) => /^[0-9TZ-]+$/.test(name)).sort()
  }

  async function readFlows(): Promise<Flows> {
    standIn = undefined
    const text = await textOf(flowsFile)
    const flows = text === undefined ? undefined : flowsOf(text)
    if (flows !== undefined) return flows
    const wrong = text === undefined ? `${flowsName} is gone` : `${flowsName} is damaged (no list of nodes in JSON)`
    for (const id of (await versions()).reverse()) {
      const kept = flowsOf(await textOf(join(versionsDir, id, flowsName)) ?? '')
      if (kept === undefined) continue
      standIn = id
      onProblem(`${wrong}; the version ${id} runs in its place. Deploy it from the editor, or bring one back with "limen flows rollback"; the damaged file stays as it is until then`)
      return kept
    }
    onProblem(`${wrong} and there is no good version; the editor starts empty, the file stays as it is until you deploy`)
    return []
  }

  async function readCredentials(): Promise<Credentials> {
    const file = standIn === undefined ? credentialsFile : join(versionsDir, standIn, credentialsName)
    const text = await textOf(file)
    if (text === undefined) return {}
    const credentials = parse(text)
    if (typeof credentials === 'object' && credentials !== null && !Array.isArray(credentials)) return credentials as Credentials
    onProblem(`${credentialsName} is damaged; enter passwords of nodes anew in the editor, or bring a version back with "limen flows rollback"`)
    return {}
  }

  async function write(flows: Flows, credentials: Credentials): Promise<void> {
    const before = { flows: await textOf(flowsFile), credentials: await textOf(credentialsFile) }
    const after = { flows: `${JSON.stringify(flows, null, 2)}\n`, credentials: `${JSON.stringify(credentials, null, 2)}\n` }
    if (before.flows === after.flows && before.credentials === after.credentials) return
    await keepVersion(before)
    if (before.credentials === after.credentials) await writeDurably(flowsFile, after.flows)
    else {
      await writeDurably(pendingFile, JSON.stringify({ replaces: await stampOf(flowsFile), ...after } satisfies Pending))
      await writeDurably(credentialsFile, after.credentials)
      await writeDurably(flowsFile, after.flows)
      await rm(pendingFile, { force: true })
    }
    standIn = undefined
  }

  async function keepVersion(before: { readonly flows: string | undefined; readonly credentials: string | undefined }): Promise<void> {
    if (before.flows === undefined) return
    const known = await versions()
    let at = deps.now()
    // A clock that was set back must not make the newest version look older than the others.
    while (known.length > 0 && idOf(at) <= known.at(-1)!) at = Math.max(at, timeOf(known.at(-1)!)) + 1
    const id = idOf(at)
    if (flowsOf(before.flows) === undefined) {
      await copyFile(flowsFile, join(dir, `flows.damaged-${id}.json`))
      return
    }
    const unfinished = join(versionsDir, `.${id}`)
    await mkdir(unfinished, { recursive: true, mode: 0o700 })
    await writeDurably(join(unfinished, flowsName), before.flows)
    if (before.credentials !== undefined) await writeDurably(join(unfinished, credentialsName), before.credentials)
    await rename(unfinished, join(versionsDir, id))
    await syncFolder(versionsDir)
    for (const old of [...known, id].slice(0, -keep)) await rm(join(versionsDir, old), { recursive: true, force: true })
  }

  return { prepare, readFlows, readCredentials, write }
}

/** `20261126T110543123Z` */
function idOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:.]/g, '')
}

function timeOf(id: string): number {
  const [, year, month, day, hour, minute, second, ms] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/.exec(id) ?? []
  return year === undefined ? 0 : Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`)
}

function flowsOf(text: string): Flows | undefined {
  const given = parse(text)
  if (!Array.isArray(given)) return undefined
  return given.every((node: unknown) => typeof node === 'object' && node !== null && 'id' in node && 'type' in node) ? given : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Damaged, as those who ask want to know.
    return undefined
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw thrown
  }
}

async function stampOf(file: string): Promise<string> {
  const found = await stat(file, { bigint: true }).catch(() => undefined)
  return found === undefined ? 'none' : `${found.ino}:${found.mtimeNs}`
}
