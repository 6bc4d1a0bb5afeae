import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { escape } from '@influxdata/influxdb-client'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createLineWriter } from '../../gateway/influx/line.ts'
import type { StoredReading } from '../../gateway/kernel/reading.ts'

const grafana = resolve(import.meta.dirname, '../../grafana')
const board = JSON.parse(readFileSync(join(grafana, 'boards/limen.json'), 'utf8')) as Board
interface Board {
  readonly uid: string
  readonly panels: readonly { title: string; datasource: { uid: string }; targets: readonly { query: string; datasource: { uid: string } }[] }[]
  readonly templating: { readonly list: readonly { name: string; query: string | { query: string }; datasource?: { uid: string } }[] }
}
const source = (parse(readFileSync(join(grafana, 'provisioning/datasources/influxdb.yaml'), 'utf8')) as { datasources: { uid: string; type: string; url: string; jsonData: object; secureJsonData: object }[] }).datasources[0]!

const queries = [
  ...board.panels.flatMap(({ title, targets }) => targets.map(({ query }) => ({ of: title, query }))),
  ...board.templating.list.flatMap(({ name, query }) => (typeof query === 'string' ? [] : [{ of: name, query: query.query }])),
]

/** What the gateway really writes, by the writer that writes it. */
function written(): { measurement: string; tags: string[]; fields: Set<string> } {
  const writer = createLineWriter('reading', escape)
  const lines = [97, 'open', true].map((value) => writer.line({ device: 'bed-1', metric: 'spo2', value, quality: 'good', ts: 1_700_000_000_000, k: 0, labels: {} } as unknown as StoredReading)!)
  const [head] = lines[0]!.split(' ') as [string]
  const [measurement, ...tags] = head.split(',') as [string, ...string[]]
  return { measurement, tags: tags.map((tag) => tag.split('=')[0]!), fields: new Set(lines.map((line) => line.split(' ')[1]!.split('=')[0]!)) }
}

describe('the Grafana board', () => {
  it('asks for what the gateway writes and for nothing else', () => {
    const { measurement, tags, fields } = written()
    expect({ measurement, tags, fields: [...fields] }).toEqual({ measurement: 'reading', tags: ['device', 'metric'], fields: ['value', 'text'] })
    for (const { of, query } of queries) {
      expect([of, [...query.matchAll(/_measurement == "(\w+)"/g)].map((match) => match[1])]).toEqual([of, [measurement]])
      for (const [, field] of query.matchAll(/_field == "(\w+)"/g)) expect(fields).toContain(field)
      for (const [, name] of query.matchAll(/\br\.(\w+)/g)) expect(['_measurement', '_field', '_value', '_time', ...tags]).toContain(name)
      for (const [, tag] of query.matchAll(/tag: "(\w+)"/g)) expect(tags).toContain(tag)
    }
    expect(queries.length).toBeGreaterThanOrEqual(8)
  })

  it('uses the variables it has, the data source that is provisioned, and its default bucket', () => {
    const variables = new Set(board.templating.list.map(({ name }) => name))
    for (const { of, query } of queries) {
      for (const [, name] of query.matchAll(/\$\{(\w+)/g)) expect([of, variables.has(name!)]).toEqual([of, true])
      expect(query).toContain('v.defaultBucket')
      for (const [open, close] of ['()', '{}', '[]']) expect(query.split(open!).length).toBe(query.split(close!).length)
    }
    for (const { datasource, targets } of board.panels) for (const { uid } of [datasource, ...targets.map((target) => target.datasource)]) expect(uid).toBe(source.uid)
  })

  it('is found where the provider looks, with a data source that speaks Flux and reads its token from a secret', () => {
    const provider = (parse(readFileSync(join(grafana, 'provisioning/dashboards/limen.yaml'), 'utf8')) as { providers: { options: { path: string } }[] }).providers[0]!
    const compose = readFileSync(resolve(grafana, '../docker-compose.yml'), 'utf8')
    expect(compose).toContain(`- ./grafana/boards:${provider.options.path}:ro`)
    expect(compose).toContain('- ./grafana/provisioning:/etc/grafana/provisioning:ro')
    expect(source).toMatchObject({ type: 'influxdb', url: 'http://influxdb:8086', jsonData: { version: 'Flux', organization: '$INFLUX_ORG', defaultBucket: '$INFLUX_BUCKET' }, secureJsonData: { token: '$__file{/run/secrets/influx_token}' } })
  })
})
