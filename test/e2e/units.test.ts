import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const yaml = `
devices:
  "bed-*":
    labels: { ward: east }
    metrics: { "temp*": { unit: °C }, weight: { unit: kg, coerce: true } }
rules:
  - { id: fever, on: { metric: temperature, label: { ward: east } }, when: { above: 38 }, unit: Cel, message: "{value}{unit}" }
`

interface Known { readonly value: unknown; readonly unit: string | null; readonly quality: string }

describe('units of a running gateway', () => {
  it('are those of the registry, whatever a device sends; an edit holds from the next reading on', async () => {
    const limen = await ownGateway({ yaml })
    const device = await ownClient(limen.mqttUrl)
    const watcher = await ownClient(limen.mqttUrl)
    await watcher.subscribeAsync('limen/alarms/#', { qos: 1 })
    const url = (path: string) => `${limen.httpUrl}/api/v1/${path}`
    const send = (metric: string, payload: unknown) => device.publishAsync(`devices/bed-1/${metric}`, JSON.stringify(payload), { qos: 1 })
    const known = async (metric: string) => ((await (await fetch(url('devices/bed-1'))).json()) as { metrics: Record<string, Known> }).metrics[metric]
    const put = (metrics: unknown) => fetch(url('devices/bed-1'), { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ settings: { metrics } }) })

    await send('temperature', { value: 102.2, unit: '[degF]' })
    const alarm = await eventually('the alarm', () => watcher.seen.get('limen/alarms/bed-1/fever')?.at(-1))
    expect(JSON.parse(alarm)).toMatchObject({ value: 39, unit: 'Cel', limit: 38, labels: { ward: 'east' } })
    await send('weight', { value: '81.5' })
    expect(await known('weight')).toMatchObject({ value: 81.5, unit: 'kg', quality: 'good' })

    for (let i = 0; i < 3; i++) await send('temperature', { value: 97 + i, unit: '%' })
    expect(await known('temperature')).toMatchObject({ value: 99, unit: '%', quality: 'bad' })
    const { items } = (await (await fetch(url('events?type=limen.reading.unit-mismatch'))).json()) as { items: { subject: string; data: object }[] }
    expect(items).toMatchObject([{ subject: 'bed-1', data: { metric: 'temperature', given: '%', unit: 'Cel' } }])
    expect(await (await fetch(`${limen.httpUrl}/metrics`)).text()).toMatch(/^limen_readings_unit_mismatch_total 3$/m)

    const refused = await put({ temperature: { unit: 'farenheit', flat: { span: '0s' } } })
    expect([refused.status, await refused.json()]).toMatchObject([400, {
      code: 'BAD_INPUT',
      errors: [
        { member: 'settings.metrics.temperature.unit', detail: 'unknown unit "farenheit"; did you mean "[degF]"?' },
        { member: 'settings.metrics.temperature.flat.span', detail: expect.stringContaining('at least 1s') },
      ],
    }])
    expect((await put({ temperature: { unit: 'K' } })).status).toBe(200)
    await send('temperature', { value: 37, unit: '°C' })
    expect(await known('temperature')).toMatchObject({ value: 310.15, unit: 'K', quality: 'good' })
  })
})
