import type { CompiledSelector } from './selector.ts'

export interface Indexed { readonly selector: CompiledSelector }

export interface RuleIndex<Entry extends Indexed> {
  /** Entries that may concern this series, in the order given; their selectors have the last word. */
  candidates(device: string, metric: string): readonly Entry[]
}

/**
 * Finds the rules of a new series without asking all: by the exact device or the exact metric they name,
 * the few with neither are asked each time. Asked once per series; the answer is kept by the engine.
 */
export function createRuleIndex<Entry extends Indexed>(entries: readonly Entry[]): RuleIndex<Entry> {
  const order = new Map(entries.map((entry, place) => [entry, place]))
  const byDevice = new Map<string, Entry[]>()
  const byMetric = new Map<string, Entry[]>()
  const rest: Entry[] = []
  for (const entry of entries) {
    const { device, metric } = entry.selector
    if (device !== undefined) into(byDevice, device, entry)
    else if (metric !== undefined) into(byMetric, metric, entry)
    else rest.push(entry)
  }
  return {
    candidates: (device, metric) =>
      [...(byDevice.get(device) ?? []), ...(byMetric.get(metric) ?? []), ...rest].sort((a, b) => order.get(a)! - order.get(b)!),
  }
}

/** Adds to the list of this name. */
export function into<Item>(map: Map<string, Item[]>, name: string, item: Item): void {
  const items = map.get(name)
  if (items === undefined) map.set(name, [item])
  else items.push(item)
}
