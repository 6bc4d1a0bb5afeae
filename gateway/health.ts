import type { Store, TechnicalCondition } from './kernel/contracts.ts'
import type { MetricSource } from './kernel/metric.ts'
import type { Health } from './kernel/live.ts'

export interface HealthDeps {
  readonly store: Pick<Store, 'health'>
  readonly listening: () => boolean
  readonly influx: { status(): { readonly ok: boolean; readonly detail: string } | undefined }
  readonly flows: { status(): { readonly ok: boolean; readonly detail: string } | undefined }
  readonly isOpen: () => boolean
  readonly condition: (condition: TechnicalCondition) => void
}

export interface HealthWatch {
  /** Looked at once a second: what has turned bad or good becomes a technical alarm. */
  look(): void
  readonly report: () => Health
  readonly metrics: MetricSource
}

const tellEveryLooks = 5

/** Is the gateway able to do its work? InfluxDB away, or flows that crash, do not make it unready. */
export function createHealth(deps: HealthDeps): HealthWatch {
  /** Why nothing could be stored at the last look. */
  let trouble: string | undefined
  let looks = 0

  function tell(active: boolean, message: string): void {
    deps.condition({ rule: 'technical.disk', active, message })
  }

  function report(): Health {
    const { writable, reason } = deps.store.health()
    const listening = deps.listening()
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
      const { writable, reason = 'unknown' } = deps.store.health()
      if (!writable) {
        trouble = reason
        // An alarm that cannot be stored is undone with its batch. To try again is also how a gateway with nothing else to
        // store finds out that there is room.
        if (looks++ % tellEveryLooks === 0) tell(true, `The store takes no writes: ${reason}`)
      } else if (trouble !== undefined) {
        // It may never have been stored; now it is known to the journal and to whoever is told, from beginning to end.
        tell(true, `The store took no writes: ${trouble}`)
        tell(false, 'The store takes writes again')
        trouble = undefined
        looks = 0
      }
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
