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

function into<Entry>(map: Map<string, Entry[]>, name: string, entry: Entry): void {
  const entries = map.get(name)
  if (entries === undefined) map.set(name, [entry])
  else entries.push(entry)
}
