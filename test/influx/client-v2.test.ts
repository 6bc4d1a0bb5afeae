import { expect, it, onTestFinished } from 'vitest'
import { connectInflux } from '../../gateway/influx/connect.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import { influxClientContract } from '../contract/influx.ts'
import { startScriptedInflux } from '../support/scripted-influx.ts'

const options = { version: 2, org: 'o & p', bucket: 'b/1', token: createSecret('t0ken'), measurement: 'reading' } as const

influxClientContract('@influxdata/influxdb-client (v2)', (url) => ({ ...options, url }))

it('names organisation, bucket, nanoseconds and token, and compresses nothing on loopback', async () => {
  const server = await startScriptedInflux()
  onTestFinished(() => server.close())
  const client = await connectInflux({ ...options, url: server.url }, 5_000)
  await client.write('m value=1 1\n'.repeat(1_000), new AbortController().signal)
  const [request] = server.requests
  expect(request).toMatchObject({ method: 'POST', path: '/api/v2/write' })
  expect(Object.fromEntries(request!.query)).toEqual({ org: 'o & p', bucket: 'b/1', precision: 'ns' })
  expect(request!.headers.authorization).toBe('Token t0ken')
  expect(request!.headers['content-encoding']).toBeUndefined()
  client.close()
})
