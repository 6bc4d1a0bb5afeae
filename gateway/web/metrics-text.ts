import type { MetricSample, MetricSource } from '../kernel/metric.ts'

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Prometheus' text exposition (https://prometheus.io/docs/instrumenting/exposition_formats/): HELP and TYPE once a name,
 * all samples of a name together, whichever room they come from.
 */
export function renderMetrics(sources: Iterable<MetricSource>): string {
  const families = new Map<string, { readonly head: MetricSample; readonly lines: Map<string, number> }>()
  for (const source of sources) {
    for (const sample of source()) {
      const family = families.get(sample.name) ?? { head: sample, lines: new Map<string, number>() }
      families.set(sample.name, family)
      // The same series twice makes a scrape fail; the last word counts.
      family.lines.set(`${sample.name}${labelsOf(sample.labels)}`, sample.value)
    }
  }
  let text = ''
  for (const [name, { head, lines }] of families) {
    text += `# HELP ${name} ${head.help.replace(/[\\\n]/g, (c) => (c === '\n' ? '\\n' : '\\\\'))}\n# TYPE ${name} ${head.type}\n`
    for (const [series, value] of lines) text += `${series} ${numberOf(value)}\n`
  }
  return text
}

function labelsOf(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value)
}
