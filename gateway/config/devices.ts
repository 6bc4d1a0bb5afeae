import type { DocumentNode } from '../kernel/document.ts'
import { metricsShape } from '../kernel/metric-settings.ts'
import { toPlain } from '../kernel/plain.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Shape } from '../kernel/shape.ts'
import { clip, describe, invalid, join, object, optional, present, problemAt, record, text } from '../kernel/shape.ts'
import { suggest } from '../kernel/suggest.ts'
import type { DeviceConfig } from './config.ts'
import { name } from './words.ts'

const own = ['type', 'labels', 'settings'] as const
/** Known words: others are settings of some rule kind or simulator. */
const words = [...own, 'metrics'] as const

const labels = record(text({ expected: 'a text', example: 'east', check: (value) => value.length <= 256 && !/\p{Cc}/u.test(value) }), {
  expected: 'labels',
  example: '{ ward: east }',
  key: (key) => (key.trim() !== '' && key.length <= 128 && !/\p{Cc}/u.test(key) ? undefined : 'write a short name, e.g. ward'),
})

/** Any value: settings are the rule kinds' and simulators' own affair, but for `metrics`. */
const settings: Shape<Readonly<Record<string, unknown>>> = {
  expected: 'settings',
  example: '{ news2Scale: 2 }',
  collection: true,
  read(node, path, problems) {
    if (node.kind === 'map') {
      const metrics = present(node, 'metrics')
      if (metrics !== undefined) metricsShape.read(metrics.value, join(path, 'metrics'), problems)
      return toPlain(node) as Record<string, unknown>
    }
    problems.push(problemAt({ place: node.place, path }, `expected settings, found ${describe(node)}`, 'write e.g. settings: { news2Scale: 2 }'))
    return invalid
  },
}

const known = object({ type: optional(name('a type', 'ward-monitor')), labels: optional(labels), settings: optional(settings), metrics: optional(metricsShape) }, { expected: 'a device', example: '{ type: ward-monitor }', other: () => true })

const device: Shape<DeviceConfig> = {
  ...known,
  read(node, path, problems) {
    const value = known.read(node, path, problems)
    if (value === invalid || node.kind !== 'map') return invalid
    const further: [string, unknown][] = []
    for (const entry of node.entries) {
      if (own.includes(entry.key as (typeof own)[number])) continue
      if (entry.key !== 'metrics') reportMisspelt(entry, path, problems)
      further.push([entry.key, toPlain(entry.value)])
    }
    return { type: value.type ?? null, labels: Object.fromEntries(value.labels ?? []), settings: { ...value.settings, ...Object.fromEntries(further) } }
  },
}

/** `{ news2Scale: 2 }` is a setting, `{ lables: … }` hardly. */
function reportMisspelt(entry: { key: string; place: DocumentNode['place'] }, path: string, problems: Problem[]): void {
  const near = suggest(entry.key, words)
  if (near === undefined) return
  const remedy = `did you mean "${near}"? If it is a setting: settings: { ${clip(entry.key)}: … }`
  problems.push(problemAt({ place: entry.place, path: join(path, entry.key) }, `unknown key "${clip(entry.key)}"`, remedy))
}

export const devicesShape = record(device, {
  expected: 'devices by id',
  example: '{ bed-1: { type: ward-monitor } }',
  key: (id) => (id !== '' && id.length <= 256 && !/[/+#\p{Cc}]/u.test(id) ? undefined : 'a device id is one topic level: no / + # and not empty'),
})
