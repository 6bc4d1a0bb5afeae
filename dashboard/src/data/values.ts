import { signal } from '@preact/signals'
import type { Signal } from '@preact/signals'
import type { ValueRow } from '../../../gateway/kernel/live.ts'
import type { Value } from '../../../gateway/kernel/reading.ts'

/** The last value of one metric of one device. */
export interface Last { readonly value: Value; readonly ts: number; readonly quality: string; readonly unit: string | null }


/** By device, then metric. A signal each: a value that changes redraws its own cell and nothing else. */
const known = new Map<string, Map<string, Signal<Last>>>()
/** Which metrics a device has; changes when one is new. */
const metricLists = new Map<string, Signal<readonly string[]>>()
const listeners = new Set<(rows: readonly ValueRow[]) => void>()

export function metricsOf(device: string): Signal<readonly string[]> {
  let list = metricLists.get(device)
  if (list === undefined) metricLists.set(device, list = signal([]))
  return list
}

export function lastOf(device: string, metric: string): Signal<Last> | undefined {
  return known.get(device)?.get(metric)
}

export function putValues(rows: readonly ValueRow[]): void {
  for (const [device, metric, value, ts, quality, unit] of rows) {
    let metrics = known.get(device)
    if (metrics === undefined) known.set(device, metrics = new Map())
    const last = metrics.get(metric)
    if (last === undefined) {
      metrics.set(metric, signal({ value, ts, quality, unit }))
      const list = metricsOf(device)
      list.value = [...list.peek(), metric].sort()
    } else if (ts >= last.peek().ts) last.value = { value, ts, quality, unit }
  }
  for (const listener of listeners) listener(rows)
}

/** Every row as it comes, for charts. Gives a function that ends it. */
export function onValues(listener: (rows: readonly ValueRow[]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
