import { leastLength } from '../kernel/glob.ts'
import type { Selector } from '../kernel/rule.ts'
import type { ObjectValue, Shape } from '../kernel/shape.ts'
import { clip, notInThisVersion, object, optional, record, refine, scalar, text } from '../kernel/shape.ts'

/** A glob over one topic level: with a slash, or MQTT's wildcards, it could never match. */
function glob(what: string, example: string): Shape<string> {
  return scalar<string>({
    expected: `${/^[aeiou]/.test(what) ? 'an' : 'a'} ${what}, with * and ? as wildcards`,
    example,
    from({ text: written }) {
      if (/^[+#]$/.test(written)) return { wrong: `"${written}" matches no ${what}: the wildcards here are * and ?`, remedy: 'write "*"' }
      if (written.includes('/')) return { wrong: `"${clip(written)}" can match no ${what}: it is one topic level, without a slash`, remedy: `write e.g. ${example}` }
      if (/\p{Cc}/u.test(written)) return { wrong: `"${clip(written)}" can match no ${what}`, remedy: `write e.g. ${example}` }
      return written.trim() === '' || written.length > 512 ? undefined : written
    },
  })
}

/** Device ids cannot hold MQTT's wildcards at all. */
const device = refine(glob('device', '"bed-*"'), (pattern, at) =>
  /[+#]/.test(pattern) ? at.refuse(`"${clip(pattern)}" can match no device: an id has no + or #`, 'wildcards are * and ?') : pattern)

const metric = refine(glob('metric', 'spo2'), (pattern, at) =>
  pattern === 'ts' || pattern === 'seq' ? at.refuse(`"${pattern}" can match nothing: it is the time or number of a reading, never a metric`, 'write the metric itself') : pattern)

/** An event's type. Types that begin with `limen.` are the gateway's own; they come in by no door. */
export const eventType = refine(glob('event type', '"card.*"'), (pattern, at) =>
  pattern.startsWith('limen.') ? at.refuse(`"${clip(pattern)}" are events of the gateway itself, and rules hear those of applications`, 'write another type, e.g. "card.*"')
  : /[+#]/.test(pattern) ? at.refuse(`"${clip(pattern)}" can match no event type: it has no + or #`, 'wildcards are * and ?') : pattern)

/** Types and labels are no longer than that. */
const longest = 256
const short = (shape: Shape<string>, what: string) => refine(shape, (pattern, at) =>
  leastLength(pattern) > longest ? at.refuse(`can match no ${what}: none has more than ${longest} characters`, 'write a shorter one') : pattern)

const deviceType = short(glob('device type', 'ward-monitor'), 'device type')
const labelValue = short(text({ expected: 'a text, with * and ? as wildcards', example: 'east', check: (written) => written.length <= 512 }), 'label')

const label = record(labelValue, { expected: 'labels', example: '{ ward: east }', key: (key) => (key.trim() === '' || key.length > longest ? 'write a short name, e.g. ward' : undefined) })

/** What selects series: also of the signals of a condition. */
export const signalFields = { metric: optional(metric), device: optional(device), deviceType: optional(deviceType), label: optional(label) } as const

/** The members that were given. */
export function selectorOf({ metric: metrics, device: devices, deviceType: types, label: labels }: ObjectValue<typeof signalFields>): Selector {
  return {
    ...(metrics === undefined ? {} : { metric: metrics }),
    ...(devices === undefined ? {} : { device: devices }),
    ...(types === undefined ? {} : { deviceType: types }),
    ...(labels === undefined || labels.size === 0 ? {} : { label: Object.fromEntries(labels) }),
  }
}

const fields = object(
  { ...signalFields, event: optional(eventType), match: notInThisVersion('"match" (patterns over events)', () => false) },
  { expected: 'what the rule listens to', example: '{ metric: spo2, device: "bed-*" }' },
)

/** `on: { metric, device, deviceType, label }`, or `event` instead of `metric`; at least one. */
export const selectorShape: Shape<Selector> = refine(fields, ({ event: events, ...signal }, at) => {
  const laterForm = at.node.kind === 'map' && at.node.entries.some((entry) => entry.key === 'match')
  const selector = selectorOf(signal)
  if (Object.keys(selector).length === 0 && events === undefined && !laterForm) return at.refuse('a rule that listens to nothing', 'write at least one of metric, device, deviceType, label, event')
  if (events !== undefined && selector.metric !== undefined) return at.refuse('an event has no metric: "event" and "metric" cannot stand together', 'keep one of them', 'metric')
  return events === undefined ? selector : { ...selector, event: events }
})
