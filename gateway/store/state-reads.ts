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
  // Pairs as they are sent on: an object a row and its copy cost twice as much.
  from.setReturnArrays(true)
  after.setReturnArrays(true)
  return (request) => {
    const limit = Math.min(request.limit, Number.MAX_SAFE_INTEGER)
    const rows =
      request.after === undefined
        ? from.all(request.space, request.prefix, limit)
        : after.all(request.space, request.after, request.prefix, limit)
    const found = rows as unknown as [string, Content][]
    if (request.prefix === '') return found
    const end = found.findIndex(([key]) => !key.startsWith(request.prefix))
    return end === -1 ? found : found.slice(0, end)
  }
}
