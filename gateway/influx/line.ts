import type { Labels, StoredReading } from '../kernel/reading.ts'

/** The escaping functions of @influxdata/influxdb-client; why its, for v1 too: docs/decisions/influx-clients.md. */
export interface LineEscape {
  measurement(text: string): string
  quoted(text: string): string
  tag(text: string): string
}

export interface LineWriter {
  /** One reading as a line of InfluxDB's line protocol, without newline; undefined where there is no value to write (missing, bad quality). */
  line(reading: StoredReading): string | undefined
}

interface CachedSeries {
  readonly labels: Labels
  /** `measurement,device=…,metric=… ` */
  readonly head: string
}

/** Series whose head is kept; beyond it all are worked out anew. */
const cachedSeries = 20_000

/**
 * Writes `measurement,device=…,metric=…[,label=…] value=… <ns>` (delivery.md "InfluxDB"): numbers and booleans (1/0) as the
 * float field `value`, text as the string field `text`.
 */
export function createLineWriter(measurement: string, escape: LineEscape): LineWriter {
  // A line that begins with # is a comment; InfluxDB would skip it and answer 204.
  const name = escape.measurement(expressible(measurement).replace(/^#/, '%23'))
  const byDevice = new Map<string, Map<string, CachedSeries>>()
  let cached = 0

  function head(reading: StoredReading): string {
    let byMetric = byDevice.get(reading.device)
    const known = byMetric?.get(reading.metric)
    if (known !== undefined && sameLabels(known.labels, reading.labels)) return known.head
    if (known === undefined && ++cached > cachedSeries) {
      byDevice.clear()
      byMetric = undefined
      cached = 1
    }
    if (byMetric === undefined) byDevice.set(reading.device, (byMetric = new Map<string, CachedSeries>()))
    const fresh = { labels: reading.labels, head: `${name}${tags(reading, escape)} ` }
    byMetric.set(reading.metric, fresh)
    return fresh.head
  }

  return {
    line(reading) {
      const value = field(reading, escape)
      return value === undefined ? undefined : `${head(reading)}${value} ${nanoseconds(reading.ts, reading.k)}`
    },
  }
}

/** ts·10⁶ + k as decimal digits, never through a float: 2⁵³ ns ended in April 1970. */
export function nanoseconds(ts: number, k: number): string {
  if (ts > 0 && k < 1_000_000 && ts < 1e15) return `${ts}${String(k).padStart(6, '0')}`
  return String(BigInt(ts) * 1_000_000n + BigInt(k))
}

function field({ value, quality }: StoredReading, escape: LineEscape): string | undefined {
  if (quality === 'bad' || value === null) return undefined
  if (typeof value === 'string') return `text=${escape.quoted(value)}`
  if (typeof value === 'boolean') return value ? 'value=1' : 'value=0'
  return Number.isFinite(value) ? `value=${value}` : undefined
}

/** In the order of their keys, as InfluxDB keeps them. Empty ones are left out: the protocol has none. */
function tags({ device, metric, labels }: StoredReading, escape: LineEscape): string {
  const all: [string, string][] = [['device', device], ['metric', metric]]
  for (const [key, value] of Object.entries(labels)) all.push([tagKey(key), value])
  return all
    .filter(([key, value]) => key !== '' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, value]) => `,${escape.tag(expressible(key))}=${escape.tag(expressible(value))}`)
    .join('')
}

/** A label may not pose as one of our own tags, nor as `time` or `_field`, which InfluxDB keeps for itself. */
function tagKey(label: string): string {
  return /^(?:_.*|device|metric|time)$/s.test(label) ? `label_${label}` : label
}

/** A backslash at the end of a name would escape the comma after it; the protocol cannot say it, and no library minds. */
function expressible(text: string): string {
  return text.endsWith('\\') ? `${text.slice(0, -1)}%5C` : text
}

function sameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
