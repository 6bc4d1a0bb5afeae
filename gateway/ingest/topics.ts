/** What a topic is to the gateway. Resolved once a topic, cached by the pipeline. */
export type TopicClass =
  | { readonly kind: 'metric'; readonly device: string; readonly metric: string }
  | { readonly kind: 'object'; readonly device: string }
  | { readonly kind: 'status'; readonly device: string }
  | { readonly kind: 'set'; readonly device: string; readonly actuator: string }
  | { readonly kind: 'ack'; readonly device: string; readonly actuator: string }
  | { readonly kind: 'event'; readonly type: string }
  | { readonly kind: 'ordinary' }

const ordinary: TopicClass = { kind: 'ordinary' }

/**
 * The built-in topics of interface.md. `{device}`, `{metric}` and `{actuator}` are any non-empty level;
 * `devices/{device}/{actuator}/set|ack` have four levels, so a metric may be called `set`.
 */
export function classifyTopic(topic: string): TopicClass {
  const levels = topic.split('/')
  if (levels.some((level) => level === '')) return ordinary
  const [root, second, third, fourth] = levels
  if (root === 'events' && levels.length === 2) return { kind: 'event', type: second! }
  if (root !== 'devices') return ordinary
  switch (levels.length) {
    case 2:
      return { kind: 'object', device: second! }
    case 3:
      return third === 'status' ? { kind: 'status', device: second! } : { kind: 'metric', device: second!, metric: third! }
    case 4:
      if (fourth === 'set') return { kind: 'set', device: second!, actuator: third! }
      if (fourth === 'ack') return { kind: 'ack', device: second!, actuator: third! }
      return ordinary
    default:
      return ordinary
  }
}
