import type { DatabaseSync } from 'node:sqlite'
import type { Listed } from './protocol.ts'

type Content = string | Uint8Array

export function getState(db: DatabaseSync): (space: string, key: string) => Content | undefined {
  const statement = db.prepare('SELECT value FROM state WHERE space = ? AND key = ?')
  return (space, key) => statement.get(space, key)?.['value'] as Content | undefined
}

export interface ListRequest { readonly space: string; readonly prefix: string; readonly after: string | undefined; readonly limit: number }

/** Keys in the order of their UTF-8 bytes; ends where the prefix does. */
export function listState(db: DatabaseSync): (request: ListRequest) => Listed {
  const from = db.prepare('SELECT key, value FROM state WHERE space = ? AND key >= ? ORDER BY key LIMIT ?')
  const after = db.prepare('SELECT key, value FROM state WHERE space = ? AND key > ? AND key >= ? ORDER BY key LIMIT ?')
  return (request) => {
    const limit = Math.min(request.limit, Number.MAX_SAFE_INTEGER)
    const rows =
      request.after === undefined
        ? from.iterate(request.space, request.prefix, limit)
        : after.iterate(request.space, request.after, request.prefix, limit)
    const found: [string, Content][] = []
    for (const row of rows) {
      const key = row['key'] as string
      if (!key.startsWith(request.prefix)) break
      found.push([key, row['value'] as Content])
    }
    return found
  }
}
