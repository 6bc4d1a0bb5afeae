/**
 * What can be known of a Flux query without an InfluxDB 2: brackets and quotes that close, functions and packages that exist
 * (InfluxDB 2.7 has Flux 0.19x; https://docs.influxdata.com/flux/v0/stdlib/), columns and devices that the page speaks of.
 */
const functions = new Set([
  'from', 'range', 'filter', 'group', 'last', 'first', 'count', 'mean', 'max', 'min', 'sum', 'bottom', 'top', 'sort', 'yield', 'set', 'to', 'pivot', 'difference',
  'derivative', 'elapsed', 'quantile', 'aggregateWindow', 'pearsonr', 'now', 'date.sub', 'schema.tagValues',
])
const packages: Readonly<Record<string, string>> = { date: 'date', schema: 'influxdata/influxdb/schema' }
const columns = new Set(['_measurement', '_field', '_value', '_time', 'device', 'metric', 'ward', 'elapsed'])
const buckets = new Set(['readings'])
const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

/** Every fault of a query in words; none: it looks right. */
export function faultsOfFlux(text: string): readonly string[] {
  const faults: string[] = []
  // (r) => …, tables=<- and fn: (column, …) are definitions, not calls.
  const code = text.replace(/"(?:[^"\\\n]|\\.)*"/g, (quoted) => `"${'_'.repeat(quoted.length - 2)}"`).replace(/\/\/.*/g, '')
  if ((code.match(/"/g) ?? []).length % 2 !== 0) faults.push('a quote that is not closed')
  const open: string[] = []
  for (const c of code) {
    if (c in closing) open.push(closing[c]!)
    else if (')]}'.includes(c) && open.pop() !== c) faults.push(`a ${c} that closes nothing`)
  }
  if (open.length > 0) faults.push(`a ${open.at(-1)} is missing`)
  const imported = [...text.matchAll(/^import "([^"]+)"$/gm)].map((match) => match[1]!)
  for (const path of imported) if (!Object.values(packages).includes(path)) faults.push(`the package "${path}" is not known`)
  for (const [, name] of code.matchAll(/(?<![\w.])((?:[a-z]\w*\.)?[A-Za-z]\w*)\(/g)) {
    if (!functions.has(name!)) faults.push(`there is no function ${name}`)
    const [prefix, rest] = name!.split('.')
    if (rest !== undefined && !imported.includes(packages[prefix!] ?? '')) faults.push(`${name} without import of its package`)
  }
  for (const [, name] of text.matchAll(/\br\.(\w+)/g)) if (!columns.has(name!)) faults.push(`a row has no ${name}`)
  for (const [, name] of text.matchAll(/bucket: "([^"]*)"/g)) if (!buckets.has(name!)) faults.push(`there is no bucket ${name}`)
  for (const line of code.split('\n')) if (/^\s+\|>\s*$/.test(line)) faults.push('a pipe that leads nowhere')
  if (!/from\(bucket:|schema\.tagValues\(bucket:/.test(text)) faults.push('it reads from nothing')
  if (/from\(bucket:/.test(text) && !/\|> range\(start: /.test(text)) faults.push('from without range, which InfluxDB refuses')
  return faults
}
