import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from './config/config.ts'
import type { FlowsRoom } from './flows/flows.ts'
import type { Clock } from './kernel/clock.ts'
import type { Accept, TechnicalCondition } from './kernel/contracts.ts'
import { LimenError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'
import type { MetricSource } from './kernel/metric.ts'
import type { RunCredential } from './kernel/principal.ts'
import type { FlowsAccess } from './web/context.ts'

export interface FlowsAttachmentDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly accept: Accept
  readonly onCondition: (condition: TechnicalCondition) => void
  /** Asked once everything listens. */
  readonly addresses: () => Readonly<Record<'mqtt' | 'http', { readonly host: string; readonly port: number }>>
}

/** Node-RED beside the gateway: a child process that comes to it over MQTT and HTTP like anybody. Where flows are off nothing of the room is loaded. */
export interface FlowsAttachment {
  /** Does not wait for the process; the gateway listens by then. */
  start(): Promise<void>
  stop(): Promise<void>
  status(): { readonly ok: boolean; readonly detail: string } | undefined
  /** As whom its process logs in; none where there is none. */
  readonly credentials: readonly RunCredential[]
  readonly access: FlowsAccess | undefined
  readonly metrics: MetricSource
}

const user = 'flows'

export function attachFlows(config: Pick<Config, 'flows' | 'dataDir' | 'site'>, deps: FlowsAttachmentDeps): FlowsAttachment {
  const { mode, maxMemoryBytes, nice, environment } = config.flows
  if (mode === 'off') {
    return {
      // What was wrong with flows that are no longer asked for is wrong no more.
      start: async () => deps.onCondition({ rule: 'technical.flows', active: false, message: 'flows are off' }),
      stop: async () => {},
      status: () => undefined,
      credentials: [],
      access: undefined,
      metrics: () => [],
    }
  }
  const credential: RunCredential = { token: randomBytes(32).toString('base64url'), principal: Object.freeze({ kind: 'user', name: user, role: 'operator' }) }
  let room: FlowsRoom | undefined

  function loaded(): FlowsRoom {
    if (room === undefined) throw new LimenError('STOPPING', 'flows are not there yet', { remedy: 'try again in a moment' })
    return room
  }

  return {
    async start() {
      const { createFlows } = await import('./flows/flows.ts')
      room = createFlows(
        { directory: join(config.dataDir, 'flows'), runtimeFile: runtimeFile(), maxMemoryBytes, nice, site: config.site, environment, user, token: credential.token },
        {
          clock: deps.clock,
          logger: deps.logger,
          urls() {
            const { mqtt, http } = deps.addresses()
            return { mqtt: `mqtt://${reached(mqtt)}`, http: `http://${reached(http)}` }
          },
          condition: deps.onCondition,
          record(event) {
            deps.accept({ kind: 'own-event', event }, (error) => {
              if (error !== null) deps.logger.warn({ type: event.type, reason: error.message }, 'an event of the flows could not be stored')
            })
          },
        },
      )
      room.start()
    },
    stop: async () => room?.stop(),
    status: () => room?.health(),
    credentials: [credential],
    access: {
      maxMemoryBytes,
      desk: {
        status: () => room?.desk.status() ?? { state: 'starting', since: null, restarts: 0, lastError: null, memoryBytes: null, editor: '/flows/' },
        versions: async () => loaded().desk.versions(),
        rollback: async (id, by) => loaded().desk.rollback(id, by),
        restart: async (by) => loaded().desk.restart(by),
      },
      proxy: {
        request(request, response) {
          if (room !== undefined) return room.proxy.request(request, response)
          response.writeHead(503, { 'retry-after': '1', 'content-length': 0 }).end()
        },
        upgrade(request, socket, head) {
          if (room === undefined) socket.destroy()
          else room.proxy.upgrade(request, socket, head)
        },
      },
    },
    *metrics() {
      if (room !== undefined) yield* room.metrics()
    },
  }
}

/** Beside this tree: TypeScript in a checkout, JavaScript in an installed package. */
function runtimeFile(): string {
  return fileURLToPath(new URL(`../flows/runtime${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
}

/** Where a process of this machine reaches a listener: one that hears everybody hears loopback. */
function reached({ host, port }: { readonly host: string; readonly port: number }): string {
  const near = host === '0.0.0.0' || host === '' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${near.includes(':') ? `[${near}]` : near}:${port}`
}
