/** One line of Prometheus' text exposition. */
export interface Sample { readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly value: number }

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g
const special: Readonly<Record<string, number>> = { NaN: NaN, '+Inf': Infinity, '-Inf': -Infinity }

/** Comments and what cannot be read are left out. https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function parseMetrics(text: string): readonly Sample[] {
  const samples: Sample[] = []
  for (const row of text.split('\n')) {
    const found = row.startsWith('#') ? null : line.exec(row.trim())
    if (found === null) continue
    const [, name, labels = '', number] = found
    const value = special[number!] ?? Number(number)
    if (Number.isNaN(value) && number !== 'NaN') continue
    samples.push({ name: name!, value, labels: Object.fromEntries([...labels.matchAll(label)].map(([, key, quoted]) => [key!, quoted!.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char))])) })
  }
  return samples
}

/** The sum over all with these labels; undefined: there is none. */
export function totalOf(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  let sum: number | undefined
  for (const sample of samples) {
    if (sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)) sum = (sum ?? 0) + sample.value
  }
  return sum
}
