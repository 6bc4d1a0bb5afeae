import { expect, it, onTestFinished } from 'vitest'
import { connectInflux } from '../../gateway/influx/connect.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import { influxClientContract } from '../contract/influx.ts'
import { startScriptedInflux } from '../support/scripted-influx.ts'

const options = { version: 1, database: 'li men&x', username: undefined, password: undefined, measurement: 'reading' } as const

influxClientContract('influx (v1)', (url) => ({ ...options, url }))

it('names the database and nanoseconds, and no user where none is configured', async () => {
  const server = await startScriptedInflux()
  onTestFinished(() => server.close())
  const client = await connectInflux({ ...options, url: server.url }, 5_000)
  await client.write('m value=1 1', new AbortController().signal)
  const [request] = server.requests
  expect(request).toMatchObject({ method: 'POST', path: '/write' })
  expect(request!.query.get('db')).toBe('li men&x')
  expect(request!.query.get('precision')).toBe('n')
  expect(request!.headers.authorization).toBeUndefined()
  client.close()
})

it('logs in where a user is configured', async () => {
  const server = await startScriptedInflux()
  onTestFinished(() => server.close())
  const client = await connectInflux({ ...options, url: server.url, username: 'writer', password: createSecret('p:w ü') }, 5_000)
  await client.write('m value=1 1', new AbortController().signal)
  expect(server.requests[0]!.headers.authorization).toBe(`Basic ${Buffer.from('writer:p:w ü').toString('base64')}`)
  client.close()
})
