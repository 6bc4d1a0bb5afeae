import type { CloudEvent } from '../kernel/event.ts'
import { encodeTopicLevel } from '../kernel/topic.ts'

/**
 * Fills `${source}`, `${type}`, `${subject}`, `${data.device}` … of a topic. What is filled in stays within one topic level
 * (`/ + # %` are percent-encoded). Gives the topic, or the reason why there is none.
 */
export function fillTopic(template: string, event: CloudEvent): { readonly ok: true; readonly topic: string } | { readonly ok: false; readonly reason: string } {
  let missing: string | undefined
  const topic = template.replace(/\$\{([^{}]*)\}/g, (_, path: string) => {
    const value = valueAt(event, path.trim().split('.'))
    if (value === undefined) missing ??= path
    return value === undefined ? '' : encodeTopicLevel(value)
  })
  if (missing !== undefined) return { ok: false, reason: `the event has no ${missing} for the topic ${template}` }
  // eslint-disable-next-line no-control-regex -- NUL may not stand in a topic [MQTT-4.7.3-2]
  if (topic === '' || /[+#\u0000]/.test(topic)) return { ok: false, reason: `"${topic}" is no topic to publish to` }
  if (Buffer.byteLength(topic) > 65_535) return { ok: false, reason: 'the topic is longer than 65,535 bytes [MQTT-4.7.3-3]' }
  return { ok: true, topic }
}

/** A text, number or boolean at this path of own members. */
function valueAt(event: CloudEvent, path: readonly string[]): string | undefined {
  let value: unknown = event
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
