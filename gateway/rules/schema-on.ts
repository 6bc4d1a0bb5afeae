import type { Selector } from '../kernel/rule.ts'
import type { ObjectValue, Shape } from '../kernel/shape.ts'
import { clip, notInThisVersion, object, optional, record, refine, scalar, text } from '../kernel/shape.ts'

/** A glob over one topic level: with a slash, or MQTT's wildcards, it could never match. */
function glob(what: string, example: string): Shape<string> {
  return scalar<string>({
    expected: `a ${what}, with * and ? as wildcards`,
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

const label = record(text({ expected: 'a text', example: 'east' }), { expected: 'labels', example: '{ ward: east }', key: (key) => (key.trim() === '' ? 'write e.g. ward' : undefined) })

/** What selects series; also of the signals of a condition. */
export const signalFields = {
  metric: optional(metric),
  device: optional(device),
  deviceType: optional(glob('device type', 'ward-monitor')),
  label: optional(label),
} as const

/** An event's type, as a glob. */
export const eventType = glob('event type', '"card.*"')

const fields = object(
  { ...signalFields, event: optional(eventType), match: notInThisVersion('"match" (patterns for application events)') },
  { expected: 'what the rule listens to', example: '{ metric: spo2, device: "bed-*" }' },
)

type GivenSignal = ObjectValue<typeof signalFields>

/** The members that were given. */
export function selectorOf({ metric: metrics, device: devices, deviceType, label: labels }: GivenSignal): Selector {
  return {
    ...(metrics === undefined ? {} : { metric: metrics }),
    ...(devices === undefined ? {} : { device: devices }),
    ...(deviceType === undefined ? {} : { deviceType }),
    ...(labels === undefined || labels.size === 0 ? {} : { label: Object.fromEntries(labels) }),
  }
}

/** `on: { metric, device, deviceType, label }`, at least one; or `on: { event }`. */
export const selectorShape: Shape<Selector> = refine(fields, ({ event, ...signal }, at) => {
  const matchGiven = at.node.kind === 'map' && at.node.entries.some((entry) => entry.key === 'match')
  const selector = selectorOf(signal)
  const given = Object.keys(selector)
  if (event !== undefined) {
    if (given.length > 0) return at.refuse(`event cannot stand beside ${given[0]!}: an event is no reading`, 'make two rules of it', given[0])
    return { event }
  }
  if (given.length === 0 && !matchGiven) return at.refuse('a rule that listens to nothing', 'write at least one of metric, device, deviceType, label, or event')
  return selector
})
