/** An answer of the gateway that is no success: RFC 9457, in its words. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  /** The whole of what it says: some hold more than words. */
  readonly document: Readonly<Record<string, unknown>>
  constructor(status: number, detail: string, document: Readonly<Record<string, unknown>> = {}) {
    super(detail)
    this.status = status
    this.document = document
  }
}

export interface Page<T> { readonly items: readonly T[]; readonly next: string | null }

let csrfToken: string | null = null

/** Of the session; goes with every write. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

/**
 * Asks the gateway; `body` goes as JSON, `yaml` as it is. Throws ApiProblem with the gateway's words, or with status 0 where it cannot be reached.
 * A login that is over leads to the login page.
 */
export async function ask<T>(path: string, options: { method?: string; body?: unknown; yaml?: string | undefined; signal?: AbortSignal } = {}): Promise<T> {
  const { method = 'GET', body, yaml, signal } = options
  const sent = yaml ?? (body === undefined ? undefined : JSON.stringify(body))
  const headers: Record<string, string> = { accept: 'application/json' }
  if (sent !== undefined) headers['content-type'] = yaml === undefined ? 'application/json' : 'application/yaml'
  if (method !== 'GET' && csrfToken !== null) headers['x-csrf-token'] = csrfToken
  let response: Response
  try {
    response = await fetch(`/api/v1/${path}`, { method, headers, ...(sent === undefined ? {} : { body: sent }), ...(signal === undefined ? {} : { signal }) })
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown
    throw new ApiProblem(0, 'the gateway cannot be reached')
  }
  if (response.status === 401) location.assign('/login')
  if (!response.ok) throw await problemOf(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const document = ((await response.json().catch(() => null)) ?? {}) as { detail?: string; title?: string }
  return new ApiProblem(response.status, document.detail ?? document.title ?? `the gateway answered ${response.status}`, { ...document })
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
