import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { TargetEntry } from '../delivery/worker.ts'
import type { Clock } from '../kernel/clock.ts'
import type { DeadLetter } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import { silentLogger } from '../kernel/log.ts'
import type { CliDeps } from './deps.ts'

/** The dead letters of a data directory, whether a gateway runs on it or not. */
export interface DeadLetterDesk {
  list(): AsyncIterable<DeadLetter>
  /** False: there is none of this id. */
  redrive(id: string): Promise<boolean>
  discard(id: string, why: string): Promise<boolean>
  close(): Promise<void>
}

const pageSize = 100
const answerWithinMs = 30_000

/** Of the gateway that `control.json` names, if it answers; else of the data directory itself. Throws LimenError with a remedy. */
export async function openDeadLetters(config: Config, deps: CliDeps): Promise<DeadLetterDesk> {
  const control = await readControl(config.dataDir)
  if (control !== undefined) {
    const running = runningDesk(control)
    if (await running.answers()) return running
  }
  return stoppedDesk(config, deps)
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

/** Through the HTTP API of a running gateway. */
function runningDesk({ http, token }: Control): DeadLetterDesk & { answers(): Promise<boolean> } {
  const api = `${http}/api/v1/dead-letters`

  function call(method: string, url: string): Promise<Response> {
    return fetch(url, { method, headers: { authorization: `Bearer ${token}` }, redirect: 'error', signal: AbortSignal.timeout(answerWithinMs) })
  }

  /** True: done; false: there is none of this id. */
  async function change(method: string, url: string): Promise<boolean> {
    const response = await call(method, url)
    if (response.status === 404) return false
    if (!response.ok) throw await problemOf(response)
    return true
  }

  return {
    async answers() {
      try {
        const response = await call('GET', `${api}?limit=1`)
        await response.body?.cancel()
        return true
      } catch (thrown) {
        // A file left behind by a gateway that was killed: nobody listens there any more.
        if (isRefused(thrown)) return false
        throw new LimenError('OVERLOADED', `the running gateway at ${http} does not answer`, { cause: thrown, remedy: 'look at its log, or stop it and try again' })
      }
    },
    async *list() {
      for (let after: string | null = null; ; ) {
        const response = await call('GET', `${api}?limit=${pageSize}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`)
        if (!response.ok) throw await problemOf(response)
        const page = (await response.json()) as { items: readonly DeadLetter[]; next: string | null }
        yield* page.items
        if (page.next === null) return
        after = page.next
      }
    },
    redrive: (id) => change('POST', `${api}/${encodeURIComponent(id)}/redrive`),
    discard: (id, why) => change('DELETE', `${api}/${encodeURIComponent(id)}?why=${encodeURIComponent(why)}`),
    async close() {},
  }
}

function isRefused(thrown: unknown): boolean {
  const { cause } = thrown as { cause?: unknown }
  return (cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED'
}

/** RFC 9457. */
async function problemOf(response: Response): Promise<LimenError> {
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

/** In the data directory of a stopped gateway; what is redriven is sent at its next start. */
async function stoppedDesk(config: Config, deps: CliDeps): Promise<DeadLetterDesk> {
  const found = await stat(config.dataDir).catch(() => undefined)
  if (found?.isDirectory() !== true) {
    throw new LimenError('NOT_FOUND', `there is no data directory ${config.dataDir}`, { remedy: 'name the configuration of the gateway: --config FILE' })
  }
  const { createStore } = await import('../store/store.ts')
  const { createDelivery } = await import('../delivery/delivery.ts')
  const { createAnnouncements } = await import('../announce.ts')
  const clock = createStillClock(deps.clock)
  let fatal: Error | undefined
  const store = createStore(
    {
      directory: config.dataDir,
      retention: { readingsMaxAgeMs: config.retention.readingsMs, maxSizeBytes: config.retention.maxSizeBytes },
    },
    { clock, onFatal: (error) => { fatal = error } },
  )
  await store.start()
  clock.standAt(store.lastAlive())
  // Never started: nothing is sent from here. The names tell what can be sent again.
  const inert: TargetEntry = { timeoutMs: 1, target: { send: async () => [] } }
  const names = [...config.targets.keys(), ...(config.influx === undefined ? [] : ['influx'])]
  const announcements = createAnnouncements({ site: config.site }, { announcer: { announce() {} } })
  const delivery = createDelivery({}, {
    store, clock: deps.clock, logger: silentLogger, random: Math.random, onCondition: () => {},
    emit: (event) => void store.appendEvent(announcements.event(event, deps.clock.wall())),
    targets: new Map(names.map((name) => [name, inert])),
  })
  await delivery.restore(store)
  const by = `${deps.env['USER'] ?? 'somebody'} on the command line`
  return {
    async *list() {
      for (let after: string | undefined; ; ) {
        const page = await delivery.deadLetters({ limit: pageSize, ...(after === undefined ? {} : { after }) })
        yield* page
        if (page.length < pageSize) return
        after = page.at(-1)!.id
      }
    },
    redrive: (id) => delivery.redrive(id, by),
    discard: (id, why) => delivery.discard(id, by, why),
    async close() {
      await store.stop()
      if (fatal !== undefined) throw new LimenError('STORE_FAILED', 'the store failed', { cause: fatal })
    },
  }
}

interface StillClock extends Clock { standAt(alive: { readonly wallMs: number; readonly monotonicMs: number } | null): void }

/**
 * The store's commits tell the next start until when the gateway was alive. What is done here must not count as its
 * up-time, so these commits bear the times of its last one.
 */
function createStillClock(clock: Clock): StillClock {
  let stood: { readonly wallMs: number; readonly monotonicMs: number } | null = null
  return {
    wall: () => stood?.wallMs ?? clock.wall(),
    monotonic: () => stood?.monotonicMs ?? clock.monotonic(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    standAt(alive) {
      stood = alive
    },
  }
}
