/** An answer of the gateway that is no success: RFC 9457, in its words. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  constructor(status: number, detail: string) {
    super(detail)
    this.status = status
  }
}

export interface Page<T> { readonly items: readonly T[]; readonly next: string | null }

let csrfToken: string | null = null

/** Of the session; goes with every write. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

/**
 * Asks the gateway. Throws ApiProblem with the gateway's words, or with status 0 where it cannot be reached.
 * A login that is over leads to the login page.
 */
export async function ask<T>(path: string, options: { method?: string; body?: unknown; signal?: AbortSignal } = {}): Promise<T> {
  const { method = 'GET', body, signal } = options
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken
  let response: Response
  try {
    response = await fetch(`/api/v1/${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }), ...(signal === undefined ? {} : { signal }) })
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown
    throw new ApiProblem(0, 'the gateway cannot be reached')
  }
  if (response.status === 401) location.assign('/login')
  if (!response.ok) throw new ApiProblem(response.status, await detailOf(response))
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function detailOf(response: Response): Promise<string> {
  try {
    const { detail, title } = (await response.json()) as { detail?: string; title?: string }
    return detail ?? title ?? `the gateway answered ${response.status}`
  } catch {
    return `the gateway answered ${response.status}`
  }
}

/** All pages of a list, up to `most` items. */
export async function askAll<T>(path: string, most: number): Promise<readonly T[]> {
  const items: T[] = []
  for (let next: string | null = ''; next !== null && items.length < most; ) {
    const after = next === '' ? '' : `&after=${encodeURIComponent(next)}`
    const page: Page<T> = await ask<Page<T>>(`${path}${path.includes('?') ? '&' : '?'}limit=1000${after}`)
    items.push(...page.items)
    next = page.next
  }
  return items
}
