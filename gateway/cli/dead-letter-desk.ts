import { stat } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import type { TargetEntry } from '../delivery/worker.ts'
import type { Clock } from '../kernel/clock.ts'
import type { DeadLetter } from '../kernel/contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import { silentLogger } from '../kernel/log.ts'
import type { CliDeps } from './deps.ts'
import type { RunningGateway } from './running-gateway.ts'
import { findRunning, problemOf } from './running-gateway.ts'

/** The dead letters of a data directory, whether a gateway runs on it or not. */
export interface DeadLetterDesk {
  list(): AsyncIterable<DeadLetter>
  /** False: there is none of this id. */
  redrive(id: string): Promise<boolean>
  discard(id: string, why: string): Promise<boolean>
  close(): Promise<void>
}

const pageSize = 100

/** Of the gateway that runs on it, if one does; else of the data directory itself. Throws LimenError with a remedy. */
export async function openDeadLetters(config: Config, deps: CliDeps): Promise<DeadLetterDesk> {
  const running = await findRunning(config.dataDir)
  return running === undefined ? stoppedDesk(config, deps) : runningDesk(running)
}

function runningDesk(gateway: RunningGateway): DeadLetterDesk {
  /** True: done; false: there is none of this id. */
  async function change(method: string, path: string): Promise<boolean> {
    const response = await gateway.call(method, `/dead-letters/${path}`)
    if (response.status === 404) return false
    if (!response.ok) throw await problemOf(response)
    return true
  }

  return {
    async *list() {
      for (let after: string | null = null; ; ) {
        const response = await gateway.call('GET', `/dead-letters?limit=${pageSize}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`)
        if (!response.ok) throw await problemOf(response)
        const page = (await response.json()) as { items: readonly DeadLetter[]; next: string | null }
        yield* page.items
        if (page.next === null) return
        after = page.next
      }
    },
    redrive: (id) => change('POST', `${encodeURIComponent(id)}/redrive`),
    discard: (id, why) => change('DELETE', `${encodeURIComponent(id)}?why=${encodeURIComponent(why)}`),
    async close() {},
  }
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
