import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FlowsVersion } from '../kernel/flows.ts'

/** What a version consists of; the second is not there before anybody wrote a password into a node. */
const flowsFile = 'flows.json'
const files = [flowsFile, 'flows_cred.json'] as const

/** `20261126T110543123Z` */
const idForm = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/
const largestBytes = 32 * 1024 ** 2
/** Of a tab and its surroundings, not of what works. */
const notNodes = new Set(['tab', 'subflow', 'group', 'comment'])

/** The versions in `<data>/flows`, the newest first. What is damaged is none: it could not be brought back. */
export async function listVersions(directory: string): Promise<readonly FlowsVersion[]> {
  const ids = (await namesIn(join(directory, 'versions'))).filter((name) => idForm.test(name)).sort().reverse()
  const versions: FlowsVersion[] = []
  for (const id of ids) {
    const counted = await countIn(join(directory, 'versions', id, flowsFile))
    if (counted !== undefined) versions.push({ id, replacedAt: timeOf(id), ...counted })
  }
  return versions
}

export async function findVersion(directory: string, id: string | undefined): Promise<FlowsVersion | undefined> {
  const versions = await listVersions(directory)
  return id === undefined ? versions[0] : versions.find((version) => version.id === id)
}

/** Keeps what is there as a version of its own, then puts the given one in its place. Nothing may run on the directory meanwhile. */
export async function bringBack(directory: string, version: FlowsVersion, wallMs: number): Promise<void> {
  await keepPresent(directory, wallMs)
  const source = join(directory, 'versions', version.id)
  for (const file of files.toReversed()) await replace(join(source, file), join(directory, file))
  await syncDirectory(directory)
}

async function keepPresent(directory: string, wallMs: number): Promise<void> {
  if (!(await exists(join(directory, flowsFile)))) return
  const versions = join(directory, 'versions')
  await mkdir(versions, { recursive: true, mode: 0o700 })
  const beside = join(versions, `.new-${process.pid}`)
  await rm(beside, { recursive: true, force: true })
  await mkdir(beside, { mode: 0o700 })
  for (const file of files) if (await exists(join(directory, file))) await copyDurably(join(directory, file), join(beside, file))
  await syncDirectory(beside)
  // Later than every version there is, also where the clock was set back: the newest is the one that was replaced last.
  const newest = (await namesIn(versions)).filter((name) => idForm.test(name)).sort().at(-1)
  const at = Math.max(wallMs, newest === undefined ? 0 : Date.parse(timeOf(newest)) + 1)
  await rename(beside, join(versions, idOf(at)))
  await syncDirectory(versions)
}

/** In one step, on disk before it counts. Without a source there is to be none either. */
async function replace(source: string, target: string): Promise<void> {
  if (!(await exists(source))) return rm(target, { force: true })
  await copyDurably(source, `${target}.new`)
  await rename(`${target}.new`, target)
}

async function copyDurably(source: string, target: string): Promise<void> {
  await copyFile(source, target)
  const file = await open(target, 'r+')
  try {
    await file.chmod(0o600)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function idOf(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/[-:.]/g, '')
}

function timeOf(id: string): string {
  return id.replace(idForm, '$1-$2-$3T$4:$5:$6.$7Z')
}

async function countIn(path: string): Promise<{ tabs: number; nodes: number } | undefined> {
  try {
    if ((await stat(path)).size > largestBytes) return undefined
    const nodes: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (!Array.isArray(nodes)) return undefined
    const types = nodes.map((node) => (node as { type?: unknown } | null)?.type)
    return { tabs: types.filter((type) => type === 'tab').length, nodes: types.filter((type) => typeof type === 'string' && !notNodes.has(type)).length }
  } catch {
    return undefined
  }
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw thrown
  }
}
