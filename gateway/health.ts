import type { Config } from './config/config.ts'
import type { CommitTimes } from './commit-watch.ts'
import { createCommitWatch } from './commit-watch.ts'
import { askDiskSpace } from './disk-space.ts'
import { createDiskWatch } from './disk-watch.ts'
import type { Store, TechnicalCondition } from './kernel/contracts.ts'
import type { Logger } from './kernel/log.ts'
import type { MetricSource } from './kernel/metric.ts'
import type { Health } from './kernel/live.ts'
import type { QueueState } from './kernel/queue.ts'
import { createQueueWatch } from './queue-watch.ts'

type Check = { readonly ok: boolean; readonly detail: string } | undefined

export interface HealthDeps {
  readonly store: Pick<Store, 'health'> & { takeCommitTimes(): CommitTimes }
  /** Listening where it has an address. */
  readonly broker: { readonly addresses: { readonly mqtt: object | undefined }; queue(): QueueState }
  readonly delivery: { queues(): Iterable<QueueState> }
  readonly influx: { status(): Check }
  readonly flows: { status(): Check }
  readonly isOpen: () => boolean
  readonly condition: (condition: TechnicalCondition) => void
  readonly logger: Logger
}

export interface HealthWatch {
  /** Once a second: what has turned bad or good becomes a technical alarm (disk, queue, commit). */
  look(): void
  /** State was rebuilt: what was told may have been undone, and is told again. */
  readonly again: () => void
  readonly report: () => Health
  readonly metrics: MetricSource
}

/** Is the gateway able to do its work? InfluxDB away, or flows that crash, do not make it unready. */
export function createHealth({ dataDir }: Pick<Config, 'dataDir'>, deps: HealthDeps): HealthWatch {
  const { condition, store } = deps
  const watches = [
    createDiskWatch({ store, condition, space: () => askDiskSpace(dataDir, deps.logger) }),
    createQueueWatch({ condition, queues: () => [deps.broker.queue(), ...deps.delivery.queues()] }),
    createCommitWatch({ condition, takeCommitTimes: () => store.takeCommitTimes() }),
  ]

  function report(): Health {
    const { writable, reason } = store.health()
    const listening = deps.broker.addresses.mqtt !== undefined
    const open = deps.isOpen()
    const influx = deps.influx.status()
    const flows = deps.flows.status()
    return {
      ready: writable && listening && open,
      checks: {
        store: { ok: writable, vital: true, ...(reason === undefined ? {} : { detail: reason }) },
        broker: { ok: listening, vital: true },
        pipeline: { ok: open, vital: true },
        ...(influx === undefined ? {} : { influx: { ok: influx.ok, vital: false, detail: influx.detail } }),
        ...(flows === undefined ? {} : { flows: { ok: flows.ok, vital: false, detail: flows.detail } }),
      },
    }
  }

  return {
    report,
    look() {
      for (const watch of watches) watch.look()
    },
    again() {
      for (const watch of watches) watch.again()
    },
    *metrics() {
      yield { name: 'limen_up', help: '1 while the gateway takes readings in.', type: 'gauge', value: report().ready ? 1 : 0 }
      const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
      yield { name: 'limen_resident_memory_bytes', help: 'Resident memory.', type: 'gauge', value: rss }
      yield { name: 'limen_heap_used_bytes', help: 'Heap in use, main thread.', type: 'gauge', value: heapUsed }
      yield { name: 'limen_heap_total_bytes', help: 'Heap reserved, main thread.', type: 'gauge', value: heapTotal }
      yield { name: 'limen_external_bytes', help: 'Memory of buffers outside the heap, main thread.', type: 'gauge', value: external }
      yield { name: 'limen_array_buffers_bytes', help: 'Of these, array buffers.', type: 'gauge', value: arrayBuffers }
    },
  }
}
