import type { Clock } from '../kernel/clock.ts'
import type { TechnicalCondition } from '../kernel/contracts.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { FlowsDesk, FlowsProxy, FlowsStatus } from '../kernel/flows.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Place } from './place.ts'
import { makePlace } from './place.ts'
import { createProxy } from './proxy.ts'
import { startRun } from './run.ts'
import { createSupervisor } from './supervisor.ts'
import { bringBack, findVersion, listVersions } from './versions.ts'

/** Path of the editor on the HTTP port. */
const editor = '/flows/'

export interface FlowsOptions {
  /** `<data>/flows`, absolute: Node-RED's user directory. */
  readonly directory: string
  /** Absolute path of the file the process runs. */
  readonly runtimeFile: string
  readonly maxMemoryBytes: number
  /** The process's priority, 0 to 19 (nothing comes after it). */
  readonly nice: number
  readonly site: string
  /** What of the gateway's environment the process may see. */
  readonly environment: Readonly<Record<string, string>>
  /** As whom it comes to the gateway, over MQTT and HTTP. */
  readonly user: string
  readonly token: string
}

export interface FlowsDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** Where it finds the gateway, which listens by then. */
  readonly urls: () => { readonly mqtt: string; readonly http: string }
  readonly record: (event: NewEvent) => void
  readonly condition: (condition: TechnicalCondition) => void
}

/** Node-RED in a process of its own: kept running, looked after, its editor on the gateway's port. */
export interface FlowsRoom {
  readonly desk: FlowsDesk
  readonly proxy: FlowsProxy
  /** For health. */
  health(): { readonly ok: boolean; readonly detail: string }
  readonly metrics: MetricSource
  /** Waits for nothing. */
  start(): void
  stop(): Promise<void>
}

export function createFlows(options: FlowsOptions, deps: FlowsDeps): FlowsRoom {
  const { clock } = deps
  const { directory, runtimeFile, maxMemoryBytes, nice } = options
  let place: Place | undefined

  const supervisor = createSupervisor({
    ...deps,
    async launch({ safe }, onMessage) {
      place ??= await makePlace(directory, runtimeFile, clock)
      await place.clear()
      const urls = deps.urls()
      const run = startRun(
        {
          runtimeFile,
          directory,
          maxMemoryBytes,
          nice,
          environment: {
            ...options.environment,
            LIMEN_FLOWS_DIR: directory,
            LIMEN_FLOWS_SOCKET: place.socket,
            LIMEN_FLOWS_ROOT: editor.slice(0, -1),
            LIMEN_FLOWS_SAFE: safe ? '1' : '',
            LIMEN_MQTT_URL: urls.mqtt,
            LIMEN_HTTP_URL: urls.http,
            LIMEN_FLOWS_USER: options.user,
            LIMEN_FLOWS_TOKEN: options.token,
            LIMEN_SITE: options.site,
          },
        },
        { ...deps, onMessage },
      )
      try {
        if (run.pid !== undefined) await place.note(run.pid)
      } catch (thrown) {
        // A disk that is full: the next start could not find it, so it must not stay.
        await run.stop()
        throw thrown
      }
      return run
    },
  })
  const proxy = createProxy({ socket: () => place?.socket, state: () => supervisor.status().state })

  const desk: FlowsDesk = {
    status: () => ({ ...supervisor.status(), editor }),
    versions: () => listVersions(directory),
    async rollback(id, by) {
      // Before anything is ended for it.
      const version = await findVersion(directory, id)
      if (version === undefined) return null
      return supervisor.again(async () => {
        await bringBack(directory, version, clock.wall())
        deps.record({ type: 'limen.gateway.flows-rolled-back', data: { version: version.id, by } })
        return version
      })
    },
    async restart(by) {
      await supervisor.again(async () => deps.logger.info({ by }, 'flows are started anew'))
    },
  }

  return {
    desk,
    proxy,
    health: () => wellOrNot(desk.status()),
    start: () => supervisor.start(),
    async stop() {
      await supervisor.stop()
      proxy.close()
      await place?.remove()
    },
    *metrics() {
      const { state, restarts, memoryBytes } = supervisor.status()
      yield { name: 'limen_flows_up', help: '1 while flows run (0 in safe mode).', type: 'gauge', value: state === 'running' ? 1 : 0 }
      yield { name: 'limen_flows_restarts_total', help: 'How often the process of the flows was started again.', type: 'counter', value: restarts }
      if (memoryBytes !== null) yield { name: 'limen_flows_memory_bytes', help: 'Resident memory of the process of the flows.', type: 'gauge', value: memoryBytes }
    },
  }
}

function wellOrNot({ state, lastError }: FlowsStatus): { readonly ok: boolean; readonly detail: string } {
  switch (state) {
    case 'running':
    case 'starting':
    case 'off':
      return { ok: true, detail: state }
    case 'safe-mode':
    case 'waiting':
    case 'stopped':
      return { ok: false, detail: lastError === null ? state : `${state}: ${lastError.message}` }
    default:
      return state satisfies never
  }
}
