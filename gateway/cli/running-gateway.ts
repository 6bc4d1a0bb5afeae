import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LimenError } from '../kernel/errors.ts'

/** The gateway that runs on a data directory, by its HTTP API. */
export interface RunningGateway {
  /** `path` below `/api/v1`; a text goes as YAML. What the gateway refuses is for the caller to look at; see `problemOf`. */
  call(method: string, path: string, body?: unknown): Promise<Response>
}

const answerWithinMs = 30_000

/** Of the gateway that `control.json` names, if it answers. Throws LimenError with a remedy where one is there and does not. */
export async function findRunning(dataDir: string): Promise<RunningGateway | undefined> {
  const control = await readControl(dataDir)
  if (control === undefined) return undefined
  const { http, token } = control

  function ask(method: string, url: string, body?: unknown): Promise<Response> {
    return fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }) },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(answerWithinMs),
    })
  }

  try {
    const response = await ask('GET', `${http}/healthz`)
    await response.body?.cancel()
  } catch (thrown) {
    // A file left behind by a gateway that was killed: nobody listens there any more.
    if (isRefused(thrown)) return undefined
    throw new LimenError('OVERLOADED', `the running gateway at ${http} does not answer`, { cause: thrown, remedy: 'look at its log, or stop it and try again' })
  }
  return { call: (method, path, body) => ask(method, `${http}/api/v1${path}`, body) }
}

interface Control { readonly http: string; readonly token: string }

async function readControl(dataDir: string): Promise<Control | undefined> {
  const path = join(dataDir, 'control.json')
  try {
    const { http, token } = JSON.parse(await readFile(path, 'utf8')) as Partial<Control>
    if (typeof http === 'string' && typeof token === 'string') return { http, token }
    throw new Error('it does not hold "http" and "token"')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LimenError('FORBIDDEN', `${path} cannot be read`, { cause, remedy: 'run this as the user the gateway runs as' })
  }
}

function isRefused(thrown: unknown): boolean {
  const { cause } = thrown as { cause?: unknown }
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'
}

/** RFC 9457. */
export async function problemOf(response: Response): Promise<LimenError> {
  const text = await response.text()
  let detail = text
  try {
    const problem = JSON.parse(text) as { title?: string; detail?: string }
    detail = problem.detail ?? problem.title ?? text
  } catch {
    // Not a problem document: something else answers at that address; its own words will have to do.
  }
  const code = response.status === 401 || response.status === 403 ? 'FORBIDDEN' : response.status === 409 ? 'CONFLICT' : 'STORE_FAILED'
  return new LimenError(code, `the running gateway says ${response.status}: ${detail.slice(0, 200)}`)
}
