import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { ownClient } from '../support/own-gateway.ts'
import { loadFlow } from './node-bench.ts'

// Processes start here that load much: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const rules = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO2 {value} on {device}"
`

let limen: GatewayProcess
beforeAll(async () => {
  limen = await startGatewayProcess({ yaml: 'rules: [rules/*.yaml]\n', files: { 'rules/r.yaml': rules } })
})
afterAll(() => limen.remove())

describe('limen reading in', () => {
  it('sends one message a reading, of single values, objects and batches, and none of commands, answers and status', async () => {
    const flow = await loadFlow(limen, [{ id: 'in', type: 'limen reading in', device: 'cl-*', metric: '', wires: [['out']] }, { id: 'out', type: 'helper' }])
    await flow.connected('in')
    const device = await ownClient(limen.mqttUrl)
    const say = (topic: string, payload: string): Promise<unknown> => device.publishAsync(topic, payload, { qos: 1 })
    await say('devices/cl-1/status', 'online')
    await say('devices/cl-1/fan/ack', '{"id":"x","status":"done"}')
    await say('devices/other/temperature', '1')
    await say('devices/cl-1/temperature', '{"value":21.5,"unit":"Cel","ts":"2026-01-31T12:00:00Z"}')
    await say('devices/cl-1/window', 'ON')
    await say('devices/cl-2', '{"ts":5,"battery":{"level":80},"mode":"auto"}')
    await say('devices/cl-2', '[{"ts":1,"t":1},{"ts":2,"t":2}]')
    await eventually('six readings', () => flow.got('out').length >= 6)
    expect(flow.got('out')).toMatchObject([
      { topic: 'devices/cl-1/temperature', payload: 21.5, device: 'cl-1', metric: 'temperature', unit: 'Cel', ts: Date.parse('2026-01-31T12:00:00Z') },
      { payload: true, metric: 'window', unit: null, ts: expect.any(Number) },
      { topic: 'devices/cl-2', payload: 80, device: 'cl-2', metric: 'battery.level', ts: 5 },
      { payload: 'auto', metric: 'mode', ts: 5 },
      { payload: 1, metric: 't', ts: 1 },
      { payload: 2, metric: 't', ts: 2 },
    ])
    await eventually('the last value in the status', () => flow.status('in')?.text === 't 2 (cl-2)')
  })

  it('sends each reading once to each node whose patterns it matches, however they overlap, and leaves out what did not change', async () => {
    const flow = await loadFlow(limen, [
      { id: 'exact', type: 'limen reading in', device: 'ov-1', metric: 't', onlyChanges: true, wires: [['a']] },
      { id: 'metric', type: 'limen reading in', device: '', metric: 't', wires: [['b']] },
      { id: 'device', type: 'limen reading in', device: 'ov-1', metric: '', wires: [['c']] },
      { id: 'a', type: 'helper' }, { id: 'b', type: 'helper' }, { id: 'c', type: 'helper' },
    ])
    await flow.connected('exact', 'metric', 'device')
    const device = await ownClient(limen.mqttUrl)
    for (const [topic, value] of [['ov-1/t', '1'], ['ov-1/t', '1'], ['ov-2/t', '7'], ['ov-1/u', '8'], ['ov-1/t', '2'], ['ov-1/end', '0'], ['ov-2/t', '9']]) await device.publishAsync(`devices/${topic}`, value!, { qos: 1 })
    await eventually('the last ones', () => flow.got('c').some(({ metric }) => metric === 'end') && flow.got('b').some(({ payload }) => payload === 9))
    expect(flow.got('a').map(({ payload }) => payload)).toEqual([1, 2])
    expect(flow.got('b').map(({ payload }) => payload)).toEqual([1, 1, 7, 2, 9])
    expect(flow.got('c').map(({ payload }) => payload)).toEqual([1, 1, 8, 2, 0])
  })

  it('says under the node what is wrong with its form', async () => {
    const flow = await loadFlow(limen, [{ id: 'in', type: 'limen reading in', device: 'a/b', wires: [['out']] }, { id: 'out', type: 'helper' }, { id: 'caught', type: 'catch', wires: [['err']] }, { id: 'err', type: 'helper' }])
    await eventually('the error', () => flow.got('err').length > 0)
    expect(flow.got('err')[0]).toMatchObject({ error: { message: 'device "a/b" may not hold / + or #' } })
    expect(flow.status('in')).toMatchObject({ fill: 'red', text: 'device "a/b" may not hold / + or #' })
  })
})

describe('limen alarm in and limen alarm action', () => {
  it('tells raised, worse, acknowledged and cleared with the alarm; acts on it in the name of the flow; passes refusals to catch nodes', async () => {
    const flow = await loadFlow(limen, [
      { id: 'all', type: 'limen alarm in', events: '', priorities: '', rule: 'spo2-*', device: 'bed-1', wires: [['out']] },
      { id: 'only-high', type: 'limen alarm in', events: 'raised,level-changed', priorities: 'high', rule: '', device: '', wires: [['worse']] },
      { id: 'do-ack', type: 'limen alarm action', action: 'ack', note: 'seen', wires: [['acked']] },
      { id: 'do-shelve', type: 'limen alarm action', action: 'shelve', for: '10min', wires: [['shelved']] },
      { id: 'do-any', type: 'limen alarm action', action: '', wires: [['did']] },
      { id: 'caught', type: 'catch', wires: [['err']] },
      ...['out', 'worse', 'acked', 'shelved', 'did', 'err'].map((id) => ({ id, type: 'helper' })),
    ])
    await flow.connected('all', 'only-high', 'do-ack')
    const bed = await ownClient(limen.mqttUrl)
    const spo2 = (value: number): Promise<unknown> => bed.publishAsync('devices/bed-1/spo2', String(value), { qos: 1 })
    await spo2(89)
    const raised = await eventually('raised', () => flow.got('out').find(({ event }) => event === 'raised'))
    expect(raised).toMatchObject({ topic: 'spo2-low/bed-1', levelUp: false, payload: { rule: 'spo2-low', device: 'bed-1', level: 'lo', priority: 'medium', value: 89, message: 'SpO2 89 on bed-1' } })
    expect(raised['alarm']).toEqual(raised.payload)
    expect(raised.payload).not.toHaveProperty('by')
    await spo2(80)
    await eventually('worse', () => flow.got('worse').length > 0)
    expect(flow.got('worse')).toMatchObject([{ event: 'level-changed', levelUp: true, alarm: { level: 'lolo', priority: 'high' } }])

    flow.send('do-shelve', { payload: raised.payload })
    const shelved = await eventually('shelved', () => flow.got('shelved')[0])
    expect(Date.parse((shelved['alarm'] as { shelvedUntil: string }).shelvedUntil) - Date.now()).toBeGreaterThan(500_000)
    flow.send('do-any', { alarm: shelved['alarm'], action: 'unshelve' })
    await eventually('unshelved', () => flow.got('did').length === 1)
    flow.send('do-ack', { alarm: shelved['alarm'] })
    await eventually('acknowledged', () => flow.got('acked').length === 1)
    expect(flow.got('acked')[0]).toMatchObject({ action: 'ack', payload: { state: 'acked', acknowledgedBy: 'flows: Night shift' } })
    await eventually('acked as an event', () => flow.got('out').some(({ event, by, note }) => event === 'acked' && by === 'flows: Night shift' && note === 'seen'))

    flow.send('do-any', { alarm: shelved['alarm'], action: 'reset' })
    const refused = await eventually('the refusal', () => flow.got('err')[0])
    const answer = await fetch(`${limen.httpUrl}/api/v1/alarms/${(raised.payload as { id: string }).id}/reset`, { method: 'POST' })
    expect(answer.status).toBe(409)
    expect((refused['error'] as { message: string }).message).toBe(((await answer.json()) as { detail: string }).detail)
    flow.send('do-any', { alarm: raised['alarm'], action: 'explode' })
    flow.send('do-ack', { payload: 7 })
    await eventually('two more errors', () => flow.got('err').length === 3)
    await spo2(97)
    await eventually('cleared', () => flow.got('out').some(({ event, from }) => event === 'cleared' && from === 'acked'))
    await eventually('the status', () => flow.status('all')?.text === 'cleared: spo2-low (bed-1)')
  })

  it('sends the alarms that stand when the flow starts, and those only once', async () => {
    const bed = await ownClient(limen.mqttUrl)
    await bed.publishAsync('devices/bed-2/spo2', '80', { qos: 1 })
    const flow = await loadFlow(limen, [
      { id: 'in', type: 'limen alarm in', events: 'raised', device: 'bed-*', standing: true, wires: [['out']] },
      { id: 'second', type: 'limen alarm in', events: 'raised', device: 'bed-2', standing: true, wires: [['two']] },
      { id: 'without', type: 'limen alarm in', events: 'raised', device: 'bed-2', wires: [['not']] },
      { id: 'out', type: 'helper' }, { id: 'two', type: 'helper' }, { id: 'not', type: 'helper' },
    ])
    await eventually('what stands', () => flow.got('out').length > 0 && flow.got('two').length > 0)
    await flow.connected('in', 'second', 'without')
    await bed.publishAsync('devices/bed-3/spo2', '80', { qos: 1 })
    await eventually('the new one', () => flow.got('out').some(({ event }) => event === 'raised'))
    expect(flow.got('out').map(({ event, alarm }) => `${String(event)} ${(alarm as { device: string }).device}`)).toEqual(['standing bed-2', 'raised bed-3'])
    expect(flow.got('two').map(({ event }) => event)).toEqual(['standing'])
    expect(flow.got('not')).toEqual([])
  })
})

describe('limen event in and limen event out', () => {
  it('carries JSON from one to the other through the gateway, and the gateway’s own events', async () => {
    const flow = await loadFlow(limen, [
      { id: 'send', type: 'limen event out', eventType: '', wires: [['sent']] },
      { id: 'in', type: 'limen event in', source: 'application', pattern: 'order.*', wires: [['out']] },
      { id: 'gw', type: 'limen event in', source: 'gateway', pattern: 'limen.device.registered', wires: [['device']] },
      { id: 'caught', type: 'catch', wires: [['err']] },
      ...['sent', 'out', 'device', 'err'].map((id) => ({ id, type: 'helper' })),
    ])
    await flow.connected('send', 'in', 'gw')
    flow.send('send', { payload: { amount: 12.5 }, eventType: 'order.paid' })
    flow.send('send', { payload: 1, eventType: 'other' })
    const event = await eventually('the event', () => flow.got('out')[0])
    expect(event).toMatchObject({ topic: 'events/order.paid', eventType: 'order.paid', payload: { amount: 12.5 } })
    await eventually('both are on disk', () => flow.got('sent').length === 2)
    const device = await ownClient(limen.mqttUrl)
    await device.publishAsync('devices/never-seen/x', '1', { qos: 1 })
    expect(await eventually('registered', () => flow.got('device')[0])).toMatchObject({ eventType: 'limen.device.registered', subject: 'never-seen', cloudEvent: { source: 'test' } })

    flow.send('send', { payload: 1, eventType: 'limen.fake' })
    flow.send('send', { payload: 1 })
    flow.send('send', { eventType: 'order.paid' })
    flow.send('send', { payload: 'x'.repeat(300_000), eventType: 'order.paid' })
    await eventually('four errors', () => flow.got('err').length === 4)
    expect(flow.got('out')).toHaveLength(1)
  })

  it('holds back a flow that publishes to its own input and doubles: bounded, counted, told once, and alarms go on', async () => {
    const flow = await loadFlow(limen, [
      { id: 'in', type: 'limen event in', source: 'application', pattern: 'loop', wires: [['one', 'two', 'count']] },
      { id: 'one', type: 'limen event out', eventType: 'loop', wires: [[]] },
      { id: 'two', type: 'limen event out', eventType: 'loop', wires: [[]] },
      { id: 'alarm', type: 'limen alarm in', events: 'raised', device: 'bed-9', wires: [['raised']] },
      { id: 'caught', type: 'catch', wires: [['err']] },
      ...['count', 'raised', 'err'].map((id) => ({ id, type: 'helper' })),
    ])
    await flow.connected('in', 'alarm')
    const startedAt = performance.now()
    flow.send('one', { payload: { n: 0 } })
    await eventually('messages are held back', () => /^held back: [1-9][\d,]*$/.test(flow.status('two')?.text ?? ''))
    const bed = await ownClient(limen.mqttUrl)
    await bed.publishAsync('devices/bed-9/spo2', '80', { qos: 1 })
    await eventually('the alarm', () => flow.got('raised').length === 1)
    const atMost = 400 + 200 * ((performance.now() - startedAt) / 1_000 + 0.1)
    expect(flow.got('count').length).toBeLessThanOrEqual(atMost)
    expect(flow.problems).toHaveLength(1)
    expect(flow.problems[0]).toMatch(/own input/)
    expect(flow.got('err').length).toBeLessThanOrEqual(2)
  })
})

describe('a flow with an allowance of its own', () => {
  it('is held to it', async () => {
    const flow = await loadFlow(limen, [{ id: 'send', type: 'limen event out', eventType: 'small', wires: [['sent']] }, { id: 'sent', type: 'helper' }], { LIMEN_RATE: '1', LIMEN_BURST: '3' })
    await flow.connected('send')
    const startedAt = performance.now()
    for (let i = 0; i < 20; i++) flow.send('send', { payload: i })
    await eventually('the rest is held back', () => flow.status('send')?.text?.startsWith('held back: '))
    await eventually('the burst is sent', () => flow.got('sent').length >= 3)
    expect(flow.got('sent').length).toBeLessThanOrEqual(4 + (performance.now() - startedAt) / 1_000)
  })
})

describe('limen command out', () => {
  it('goes on with the command, at once or when the device has done it; what went wrong goes to catch nodes', async () => {
    const flow = await loadFlow(limen, [
      { id: 'now', type: 'limen command out', device: 'lamp-1', actuator: 'light', value: 'on', valueType: 'str', ttl: '20s', wires: [['sent']] },
      { id: 'done', type: 'limen command out', device: '', actuator: '', value: 'payload', valueType: 'msg', wait: true, wires: [['ended']] },
      { id: 'caught', type: 'catch', wires: [['err']] },
      ...['sent', 'ended', 'err'].map((id) => ({ id, type: 'helper' })),
    ])
    await flow.connected('now', 'done')
    const lamp = await ownClient(limen.mqttUrl)
    await lamp.subscribeAsync('devices/+/+/set', { qos: 1 })
    lamp.on('message', (topic, payload) => {
      const { id, value } = JSON.parse(payload.toString()) as { id: string; value: unknown }
      lamp.publish(topic.replace(/set$/, 'ack'), JSON.stringify(value === 'explode' ? { id, status: 'rejected', reason: 'I will not' } : { id, status: 'done' }), { qos: 1 })
    })
    await lamp.publishAsync('devices/lamp-1/status', 'online', { qos: 1 })
    flow.send('now', { payload: 'ignored', keep: 1 })
    expect(await eventually('the command', () => flow.got('sent')[0])).toMatchObject({ keep: 1, command: { id: expect.any(String), device: 'lamp-1', actuator: 'light', value: 'on' } })
    const set = await eventually('it arrived', () => lamp.seen.get('devices/lamp-1/light/set')?.[0])
    expect(JSON.parse(set)).toMatchObject({ value: 'on', ttlMs: 20_000, cause: 'manual:flows: Night shift' })

    flow.send('done', { payload: true, device: 'lamp-1', actuator: 'light', ttl: '5s' })
    expect(await eventually('done', () => flow.got('ended')[0])).toMatchObject({ command: { status: 'done', value: true } })
    flow.send('done', { payload: 'explode', device: 'lamp-1', actuator: 'light' })
    expect(await eventually('rejected', () => flow.got('err')[0])).toMatchObject({ error: { message: 'light of lamp-1: rejected, I will not' } })
    for (const wrong of [{ payload: { a: 1 }, device: 'lamp-1', actuator: 'light' }, { payload: 1, actuator: 'light' }, { payload: 1, device: 'a/b', actuator: 'light' }, { payload: 1, device: 'lamp-1', actuator: 'light', ttl: 'soon' }]) flow.send('done', wrong)
    await eventually('four errors more', () => flow.got('err').length === 5)
    expect(flow.got('err').slice(1).map(({ error }) => (error as { message: string }).message)).toEqual(expect.arrayContaining([
      expect.stringContaining('a number, true or false, a text or null'), expect.stringContaining('there is no device'), expect.stringContaining('may not hold /'), expect.stringContaining('"soon" is no duration'),
    ]))
  })

  it('says that the gateway is away, keeps what is published meanwhile, and goes on when it is back', async () => {
    const own = await startGatewayProcess()
    try {
      const port = own.mqttPort
      const flow = await loadFlow(own, [
        { id: 'send', type: 'limen event out', eventType: 'kept', wires: [['sent']] },
        { id: 'in', type: 'limen event in', source: 'application', pattern: 'kept', wires: [['out']] },
        { id: 'cmd', type: 'limen command out', device: 'd', actuator: 'a', wires: [[]] },
        { id: 'caught', type: 'catch', wires: [['err']] },
        ...['sent', 'out', 'err'].map((id) => ({ id, type: 'helper' })),
      ])
      await flow.connected('send', 'in', 'cmd')
      await own.kill()
      await eventually('away', () => /^gateway away since \d\d:\d\d:\d\d$/.test(flow.status('in')?.text ?? ''))
      flow.send('send', { payload: 1 })
      flow.send('cmd', { payload: 1 })
      expect(await eventually('the command fails', () => flow.got('err')[0])).toMatchObject({ error: { message: expect.stringMatching(/^the gateway did not answer/) } })
      expect(flow.got('sent')).toEqual([])
      const text = await readFile(own.configFile, 'utf8')
      await writeFile(own.configFile, text.replace('mqtt: { host: 127.0.0.1, port: 0 }', `mqtt: { host: 127.0.0.1, port: ${port} }`))
      await own.start()
      await eventually('it is sent', () => flow.got('sent').length === 1)
      await eventually('connected again', () => flow.status('in')?.fill === 'green')
    } finally {
      await own.remove()
    }
  })
})
