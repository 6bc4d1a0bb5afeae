import { describe, expect, it, onTestFinished } from 'vitest'
import type { KpiReport } from '../../gateway/kernel/kpis.ts'
import type { Evidence } from '../../gateway/web/evidence.ts'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'

const rules = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO2 {value} on {device}"
    then: [{ command: { device: "lamp-{device}", actuator: light, value: red, safeValue: off } }, { notify: nurse-call }]
  - id: spo2-trial
    on: { metric: spo2, device: "bed-*" }
    when: { below: 95 }
    mode: shadow
`

describe('the journal of a running gateway', () => {
  it('tells key figures, is searched, and has the evidence of an alarm; the same after kill -9', async () => {
    const hook = await createHttpReceiver()
    onTestFinished(() => hook.goAway())
    const limen = await ownGateway({ yaml: `rules: [rules/*.yaml]\ntargets:\n  nurse-call: { webhook: { url: "${hook.url}", allowPrivate: true } }\n`, files: { 'rules/ward.yaml': rules } })
    const get = async <T>(path: string): Promise<T> => (await fetch(`${limen.httpUrl}/api/v1/${path}`)).json() as Promise<T>
    const bed = await ownClient(limen.mqttUrl)
    for (const [metric, value] of [['spo2', 97], ['pulse', 71], ['spo2', 88], ['spo2', 84], ['pulse', 90]] as const) await bed.publishAsync(`devices/bed-1/${metric}`, JSON.stringify({ value }), { qos: 1 })
    await bed.publishAsync('devices/bed-2/spo2', '88', { qos: 1 })
    const { items } = await get<{ items: { id: string; device: string; rule: string }[] }>('alarms?rule=spo2-low')
    const id = items.find(({ device }) => device === 'bed-1')!.id
    const act = (verb: string, body: object) => fetch(`${limen.httpUrl}/api/v1/alarms/${id}/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect((await act('ack', { by: 'ada', note: 'On my way' })).status).toBe(200)
    expect((await act('comment', { by: 'ada', note: 'Probe was loose' })).status).toBe(200)
    await bed.publishAsync('devices/bed-1/spo2', '98', { qos: 1 })

    // Raised twice and told once more as it got worse; what the shadow rule saw was told to nobody.
    const report = await eventually('all that was announced to be delivered', async () => {
      const now = await get<KpiReport>(`kpis?to=${Date.now()}`)
      return now.figures.find(({ id: figure }) => figure === 'delivery-p95')!.value !== null && now.annunciated === 3 ? now : undefined
    })
    expect(report).toMatchObject({ annunciated: 3, priorities: { low: 0, medium: 2, high: 1 }, frequent: [{ rule: 'spo2-low', key: 'bed-1', count: 2 }, { rule: 'spo2-low', key: 'bed-2', count: 1 }] })
    const value = (of: KpiReport, figure: string) => of.figures.find((one) => one.id === figure)!.value!
    expect(value(report, 'peak-10min')).toBe(3)
    expect(value(report, 'ack-median')).toBeGreaterThanOrEqual(0)
    expect(value(report, 'delivery-median')).toBeGreaterThanOrEqual(0)
    expect(Date.parse(report.covered.from)).toBeGreaterThan(Date.parse(report.from))

    const found = async (query: string) => (await get<{ items: { type: string }[] }>(`events?type=limen.alarm.*&${query}`)).items.map(({ type }) => type.slice('limen.alarm.'.length))
    expect(await found('rule=spo2-low&device=bed-1')).toEqual(['raised', 'level-changed', 'acked', 'commented', 'cleared'])
    expect(await found('by=ada&order=desc')).toEqual(['commented', 'acked'])
    expect(await found('q=probe%20loose')).toEqual(['commented'])
    expect(await found('priority=high&q=84&to=2100-01-01&from=2020-01-01')).toEqual(['level-changed', 'acked', 'commented', 'cleared'])
    const csv = (await (await fetch(`${limen.httpUrl}/api/v1/events?format=csv&rule=spo2-low`)).text()).trim().split('\n')
    expect(csv[0]).toMatch(/^time,event,id,.*,by,note,reason,/)
    expect(csv.slice(1).map((line) => line.split(',')[1])).toEqual(['raised', 'level-changed', 'raised', 'acked', 'commented', 'cleared'])

    const evidence = await eventually('the evidence with what was sent', async () => {
      const all = await get<Evidence>(`alarms/${id}/evidence`)
      return all.deliveries.length === 3 ? all : undefined
    })
    expect(evidence).toMatchObject({
      alarm: { id, state: 'normal' }, occurrence: 1, rule: { id: 'spo2-low', text: expect.stringContaining('lolo: 85') }, truncated: { journal: false, readings: false },
      acknowledgements: [{ by: 'ada', note: 'On my way', occurrence: 1 }], comments: [{ by: 'ada', note: 'Probe was loose' }],
    })
    expect(evidence.transitions.map(({ type }) => type)).toEqual(['raised', 'level-changed', 'acked', 'commented', 'cleared'].map((event) => `limen.alarm.${event}`))
    expect(evidence.readings.map(({ metric, items: readings }) => [metric, readings.map((reading) => reading.value)])).toEqual([['spo2', [97, 88, 84, 98]], ['pulse', [71, 90]]])
    expect(evidence.deliveries.map(({ data }) => (data as { event: string }).event)).toEqual(expect.arrayContaining(['limen.alarm.raised', 'limen.alarm.level-changed', 'limen.alarm.cleared']))
    expect(evidence.commands.map(({ data }) => (data as { value: unknown }).value)).toEqual(expect.arrayContaining(['red', 'off']))

    await limen.kill()
    await limen.start()
    const again = await get<KpiReport>(`kpis?from=${encodeURIComponent(report.from)}&to=${encodeURIComponent(report.to)}`)
    expect(again).toEqual(report)
    expect((await get<Evidence>(`alarms/${id}/evidence`)).transitions).toEqual(evidence.transitions)
    const metrics = async () => (await fetch(`${limen.httpUrl}/metrics`)).text()
    expect(await eventually('key figures among the metrics', async () => {
      const text = await metrics()
      return text.includes('limen_kpi_') ? text : undefined
    })).toContain('limen_kpi_peak_10min 3\n')
    const exported = await limen.run('export', '--alarms', '--rule', 'spo2-low', '--format', 'csv')
    expect(exported.stdout.trim().split('\n')).toEqual(csv)
    expect(await limen.stop()).toBe(0)
  })
})
