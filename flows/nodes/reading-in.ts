import { createFace } from './lib/face.ts'
import { compileGlob, isGlob } from './lib/glob.ts'
import type { FlowNode, Red } from './lib/node-red-api.ts'
import type { Limen } from './lib/limen.ts'
import type { Received } from './lib/link.ts'
import { type Reading, type Value, readReadings } from './lib/reading.ts'
import { fieldOf, registerNode, topicLevel } from './lib/register.ts'

interface Config { readonly device?: string; readonly metric?: string; readonly onlyChanges?: boolean }

/** Series whose last value is remembered; beyond them the oldest is forgotten and counts as changed. */
const maxSeries = 10_000

/** `limen reading in`: what devices publish, one message a reading. */
export function register(red: Red): void {
  registerNode<Config>(red, 'limen reading in', (node, config, limen) => wire(node, { device: fieldOf(config.device) || '*', metric: fieldOf(config.metric) || '*', onlyChanges: config.onlyChanges === true }, limen))
}

function wire(node: FlowNode, { device, metric, onlyChanges }: Required<Config>, limen: Limen): void {
  const isDevice = compileGlob(device)
  const isMetric = compileGlob(metric)
  const face = createFace(node, limen.link)
  const last = new Map<string, Value>()

  function isNews({ device: from, metric: name, value }: Reading): boolean {
    const series = `${from}\0${name}`
    const known = last.has(series)
    const before = last.get(series)
    last.delete(series)
    last.set(series, value)
    if (last.size > maxSeries) last.delete(last.keys().next().value!)
    return !known || before !== value
  }

  function take({ topic, payload, retained }: Received): void {
    for (const reading of readReadings(topic, payload)) {
      if (!isDevice(reading.device) || !isMetric(reading.metric)) continue
      if (onlyChanges && !isNews(reading)) continue
      face.last(`${reading.metric} ${String(reading.value)}${reading.unit === null ? '' : ` ${reading.unit}`} (${reading.device})`)
      node.send({
        topic, payload: reading.value, device: reading.device, metric: reading.metric, unit: reading.unit,
        ts: reading.ts ?? Date.now(), ...(retained ? { retained } : {}),
      })
    }
  }

  const ends = filtersOf(device, metric).map((filter) => limen.link.subscribe(filter, { take }))
  node.on('close', () => ends.forEach((end) => end()))
}

/** As narrow as the patterns allow: the broker need not send what is thrown away here. A metric may be a member of an object, too. */
function filtersOf(device: string, metric: string): string[] {
  const level = (pattern: string, what: string): string => (isGlob(pattern) || pattern.includes(',') ? '+' : topicLevel(pattern, what))
  const from = level(device, 'device')
  return [`devices/${from}/${level(metric, 'metric')}`, `devices/${from}`]
}
