import type { Level } from '../kernel/alarm.ts'
import type { Labels, Value } from '../kernel/reading.ts'

export interface MessageFields {
  readonly rule: string
  readonly key: string
  readonly device: string | null
  readonly metric: string | null
  readonly value: Value
  readonly unit: string | null
  readonly level: Level
  readonly limit: Value
  readonly labels: Labels
}

/** `{value}`, `{unit}`, `{device}`, `{metric}`, `{level}`, `{limit}`, `{key}`, `{rule}`, `{labels.NAME}`; what there is none of is left out, any other brace stays. */
export function renderMessage(template: string, fields: MessageFields): string {
  return template.replace(/\{(value|unit|device|metric|level|limit|key|rule|labels\.[^{}]+)\}/g, (_, name: string) => {
    if (!name.startsWith('labels.')) return String(fields[name as Exclude<keyof MessageFields, 'labels'>] ?? '')
    const label = name.slice('labels.'.length)
    return Object.hasOwn(fields.labels, label) ? fields.labels[label]! : ''
  })
}
