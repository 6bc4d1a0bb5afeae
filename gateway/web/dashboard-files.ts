import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/** Where the build leaves the dashboard: the packaged tree mirrors the checkout. */
export const dashboardDirectory = fileURLToPath(new URL('../../dashboard/dist', import.meta.url))

export interface ServedFile {
  readonly body: Buffer
  readonly type: string
  /** Of the content, whatever its encoding. */
  readonly etag: string
  readonly encoding: 'gzip' | undefined
}

/**
 * The built dashboard. The directory is listed once; from then on a request's path is a key of that table and never a path on
 * disk. What compresses is kept as gzip from its first request on (no request, no memory), up to `maxKeptBytes` in all;
 * the rest is read each time. Gzip and not brotli: browsers ask for brotli over TLS only, and two forms would be kept.
 */
export interface DashboardFiles {
  /** Is there a page at all? */
  readonly built: boolean
  /** Files beside index.html, by name: the manifest, icons. */
  readonly rootNames: readonly string[]
  /** By its path below the directory: `index.html`, `assets/app-1a2b3c.js`; undefined: there is none. */
  read(name: string, accepts: { gzip: boolean }): Promise<ServedFile | undefined>
}

/** What is of another kind is not served. */
const types: Readonly<Record<string, { readonly type: string; readonly compress: boolean }>> = {
  '.html': { type: 'text/html; charset=utf-8', compress: true },
  '.js': { type: 'text/javascript; charset=utf-8', compress: true },
  '.css': { type: 'text/css; charset=utf-8', compress: true },
  '.svg': { type: 'image/svg+xml', compress: true },
  '.json': { type: 'application/json; charset=utf-8', compress: true },
  '.webmanifest': { type: 'application/manifest+json; charset=utf-8', compress: true },
  '.txt': { type: 'text/plain; charset=utf-8', compress: true },
  '.woff2': { type: 'font/woff2', compress: false },
  '.png': { type: 'image/png', compress: false },
  '.webp': { type: 'image/webp', compress: false },
  '.ico': { type: 'image/x-icon', compress: false },
}

const safeName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
const [pack, unpack] = [promisify(gzip), promisify(gunzip)]

interface Entry { readonly path: string; readonly type: string; readonly compress: boolean; etag: string | undefined; packed: Promise<Buffer> | undefined }

export async function openDashboardFiles(directory: string, { maxKeptBytes = 2 * 1024 * 1024 }: { maxKeptBytes?: number } = {}): Promise<DashboardFiles> {
  const table = new Map<string, Entry>()
  const rootNames = await list(directory, '', table)
  await list(join(directory, 'assets'), 'assets/', table)
  let keptBytes = 0

  async function load(entry: Entry): Promise<Buffer> {
    const content = await readFile(entry.path)
    entry.etag ??= `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`
    return content
  }

  async function keep(entry: Entry): Promise<Buffer> {
    const packed = await pack(await load(entry), { level: 9 })
    if (keptBytes + packed.length > maxKeptBytes) entry.packed = undefined
    else keptBytes += packed.length
    return packed
  }

  /** One packing for all who ask meanwhile; one that fails is tried again by the next. */
  function packedOf(entry: Entry): Promise<Buffer> {
    return (entry.packed ??= keep(entry).catch((thrown: unknown) => {
      entry.packed = undefined
      throw thrown
    }))
  }

  return {
    built: table.has('index.html'),
    rootNames: rootNames.filter((name) => name !== 'index.html'),
    async read(name, accepts) {
      const entry = table.get(name)
      if (entry === undefined) return undefined
      try {
        const { type, compress } = entry
        const body = !compress ? await load(entry) : accepts.gzip ? await packedOf(entry) : await unpack(await packedOf(entry))
        return { body, type, etag: entry.etag!, encoding: compress && accepts.gzip ? 'gzip' : undefined }
      } catch (thrown) {
        // An update has put another build in its place.
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw thrown
      }
    },
  }
}

/** Adds the plain files of one folder to the table; gives their names. A folder that is not there holds none. */
async function list(directory: string, prefix: string, table: Map<string, Entry>): Promise<string[]> {
  let found: Dirent[]
  try {
    found = await readdir(directory, { withFileTypes: true })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown
  }
  const names = found.filter((file) => file.isFile() && safeName.test(file.name) && Object.hasOwn(types, extname(file.name))).map(({ name }) => name)
  for (const name of names) table.set(`${prefix}${name}`, { path: join(directory, name), ...types[extname(name)]!, etag: undefined, packed: undefined })
  return names
}
