import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { freePort } from '../support/servers.ts'
import { readPages } from './markdown.ts'

const { text } = (await readPages()).find(({ file }) => file === 'docs/technician.md')!

describe("the technician's page", () => {
  it('names metrics that are there', async () => {
    const port = await freePort()
    const limen = await ownGateway({ yaml: `influx: { version: 1, url: "http://127.0.0.1:${port}", database: readings }\ntargets: { pager: { webhook: { url: "http://127.0.0.1:${port}/", allowPrivate: true } } }\n` })
    const client = await ownClient(limen.mqttUrl)
    await client.publishAsync('devices/bed-1', '{not json', { qos: 1 })
    const named = new Set(text.match(/\blimen_[a-z_]+\b/g))
    expect(named.size).toBeGreaterThan(10)
    // Key figures are worked out when they are first asked for, and told from then on.
    const missing = async (): Promise<readonly string[]> => {
      const metrics = await (await fetch(`${limen.httpUrl}/metrics`)).text()
      return [...named].filter((name) => !new RegExp(`^${name}[ {]`, 'm').test(metrics))
    }
    await eventually('the key figures', async () => !(await missing()).some((name) => name.startsWith('limen_kpi_')))
    expect(await missing()).toEqual([])
  })
})
