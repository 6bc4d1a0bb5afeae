import type { StoreReader } from './contracts.ts'

const pageRows = 5_000

type Content = string | Uint8Array

/** A space page by page, in the order of keys: a large one is never in memory twice. While one page is worked on the next is being read. */
async function* pages(store: Pick<StoreReader, 'list'>, space: string): AsyncGenerator<readonly (readonly [key: string, value: Content])[]> {
  const pageAfter = (after: string | undefined): ReturnType<StoreReader['list']> => {
    const page = store.list(space, { limit: pageRows, ...(after === undefined ? {} : { after }) })
    // Awaited below, unless whoever reads has had enough: then its failure is nobody's.
    page.catch(() => undefined)
    return page
  }
  for (let pending = pageAfter(undefined); ; ) {
    const page = await pending
    if (page.length < pageRows) {
      yield page
      return
    }
    pending = pageAfter(page.at(-1)![0])
    yield page
  }
}

/** Every row of a space, in the order of keys. */
export async function* allRows(store: Pick<StoreReader, 'list'>, space: string): AsyncGenerator<readonly [key: string, value: Content]> {
  for await (const page of pages(store, space)) yield* page
}

/** Calls `visit` for every row of a space, in the order of keys; for spaces that may be large, where a wait for each row would cost more than the row. */
export async function eachRow(store: Pick<StoreReader, 'list'>, space: string, visit: (key: string, value: Content) => void): Promise<void> {
  for await (const page of pages(store, space)) for (const [key, value] of page) visit(key, value)
}
