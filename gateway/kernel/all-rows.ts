import type { StoreReader } from './contracts.ts'

const pageRows = 5_000

/** Every row of a space, in the order of keys, read page by page: a large space is never in memory twice. */
export async function* allRows(store: Pick<StoreReader, 'list'>, space: string): AsyncGenerator<readonly [key: string, value: string | Uint8Array]> {
  for (let after: string | undefined; ; ) {
    const page = await store.list(space, { limit: pageRows, ...(after === undefined ? {} : { after }) })
    yield* page
    if (page.length < pageRows) return
    after = page.at(-1)![0]
  }
}
