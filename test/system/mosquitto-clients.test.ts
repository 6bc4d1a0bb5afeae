import { randomBytes } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { mosquittoPub, mosquittoSub, openMosquittoSub } from '../support/mosquitto-clients.ts'
import { ownGateway } from '../support/own-gateway.ts'

const rules = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO2 {value}{unit} on {device}"
`

async function subscription(...args: Parameters<typeof openMosquittoSub>) {
  const opened = await openMosquittoSub(...args)
  onTestFinished(async () => { await opened.end('SIGKILL') })
  return opened
}

describe('mosquitto_pub and mosquitto_sub', () => {
  it.each(['0', '1', '2'])('publish and receive with QoS %s', async (qos) => {
    const limen = await ownGateway()
    const sub = await subscription(limen.mqttPort, ['-t', 'plain/#', '-q', qos, '-F', '%t %q %r %p'])
    expect((await mosquittoPub(limen.mqttPort, ['-t', 'plain/one', '-q', qos, '-m', 'hello'])).code).toBe(0)
    expect((await mosquittoPub(limen.mqttPort, ['-t', 'plain/many', '-q', qos, '-l'], 'a\nb\nc\n')).code).toBe(0)
    expect(await sub.take(4)).toEqual([`plain/one ${qos} 0 hello`, `plain/many ${qos} 0 a`, `plain/many ${qos} 0 b`, `plain/many ${qos} 0 c`])
    await mosquittoPub(limen.mqttPort, ['-t', 'devices/oven/temp', '-q', qos, '-m', '61.5'])
    const { items } = await eventually('the reading', async () => {
      const answer = (await (await fetch(`${limen.httpUrl}/api/v1/readings?device=oven&metric=temp`)).json()) as { items: { value: number }[] }
      return answer.items.length > 0 && answer
    })
    expect(items).toMatchObject([{ device: 'oven', metric: 'temp', value: 61.5 }])
  })

  it('keep retained messages over kill -9, and clear them with an empty one', async () => {
    const limen = await ownGateway()
    for (const [topic, text] of [['a', 'one'], ['b', 'two'], ['c', 'three']] as const) {
      expect((await mosquittoPub(limen.mqttPort, ['-t', `kept/${topic}`, '-q', '1', '-r', '-m', text])).code).toBe(0)
    }
    expect((await mosquittoPub(limen.mqttPort, ['-t', 'kept/b', '-q', '1', '-r', '-n'])).code).toBe(0)
    await limen.kill()
    await limen.start()
    const kept = await mosquittoSub(limen.mqttPort, ['-t', 'kept/#', '-q', '1', '-F', '%t %r %p', '-C', '2', '-W', '10'])
    expect(kept.stdout.trim().split('\n').sort()).toEqual(['kept/a 1 one', 'kept/c 1 three'])
    const cleared = await mosquittoSub(limen.mqttPort, ['-t', 'kept/b', '-q', '1', '-C', '1', '-W', '1'])
    expect(cleared).toMatchObject({ code: 27, stdout: '' })
  })

  it('leave a will when they are killed, and none when they disconnect', async () => {
    const limen = await ownGateway()
    const watcher = await subscription(limen.mqttPort, ['-t', 'last/#', '-q', '1', '-F', '%t %p'])
    const will = (name: string) => ['-t', 'nothing', '-i', name, '--will-topic', `last/${name}`, '--will-payload', 'gone', '--will-qos', '1']
    const polite = await openMosquittoSub(limen.mqttPort, will('polite'))
    const sudden = await openMosquittoSub(limen.mqttPort, will('sudden'))
    // On SIGTERM mosquitto_sub sends DISCONNECT.
    await polite.end('SIGTERM')
    await sudden.end('SIGKILL')
    await watcher.take(1)
    await mosquittoPub(limen.mqttPort, ['-t', 'last/word', '-q', '1', '-m', 'end'])
    expect(await watcher.take(2)).toEqual(['last/sudden gone', 'last/word end'])
  })

  it('find in a kept session what came while they were away and the gateway was killed', async () => {
    const limen = await ownGateway()
    const session = ['-i', 'keeper', '-c', '-t', 'queue/#', '-q', '2']
    await mosquittoSub(limen.mqttPort, [...session, '-E'])
    for (const [qos, from] of [['1', 0], ['2', 10]] as const) {
      const lines = Array.from({ length: 10 }, (_, i) => `${from + i}\n`).join('')
      expect((await mosquittoPub(limen.mqttPort, ['-t', `queue/${qos}`, '-q', qos, '-l'], lines)).code).toBe(0)
      await limen.kill()
      await limen.start()
    }
    const all = await mosquittoSub(limen.mqttPort, [...session, '-F', '%p', '-C', '20', '-W', '15'])
    expect(all.stdout.trim().split('\n').map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i))
    const more = await mosquittoSub(limen.mqttPort, [...session, '-F', '%p', '-C', '1', '-W', '1'])
    expect(more).toMatchObject({ code: 27, stdout: '' })
  })

  it('see an alarm raised, acknowledged and cleared', async () => {
    const limen = await ownGateway({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': rules } })
    const topic = 'limen/alarms/bed-1/spo2-low'
    const types = ['raised', 'acked', 'cleared'].map((event) => `limen/events/limen.alarm.${event}`)
    const events = await subscription(limen.mqttPort, [...types.flatMap((type) => ['-t', type]), '-q', '1', '-F', '%t'])
    const alarm = async (): Promise<Record<string, unknown>> => JSON.parse((await mosquittoSub(limen.mqttPort, ['-t', topic, '-q', '1', '-C', '1', '-W', '10'])).stdout) as Record<string, unknown>
    await mosquittoPub(limen.mqttPort, ['-t', 'devices/bed-1/spo2', '-q', '1', '-m', '{"value":84,"unit":"%","seq":1}'])
    await events.take(1)
    const raised = await alarm()
    expect(raised).toMatchObject({ state: 'unacked', active: true, level: 'lolo', priority: 'high', limit: 85, message: 'SpO2 84% on bed-1', occurrence: 1 })
    const acknowledged = await fetch(`${limen.httpUrl}/api/v1/alarms/${String(raised['id'])}/ack`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"by":"anna","occurrence":1}' })
    expect(acknowledged.status).toBe(200)
    await events.take(2)
    expect(await alarm()).toMatchObject({ state: 'acked', active: true, acknowledgedBy: 'anna' })
    await mosquittoPub(limen.mqttPort, ['-t', 'devices/bed-1/spo2', '-q', '1', '-m', '{"value":97,"unit":"%","seq":2}'])
    await events.take(3)
    expect(events.lines()).toEqual(types)
    expect(await mosquittoSub(limen.mqttPort, ['-t', topic, '-q', '1', '-C', '1', '-W', '1'])).toMatchObject({ code: 27, stdout: '' })
  })

  it('are cut when a payload is larger than allowed; one just within it arrives whole', async () => {
    const limen = await ownGateway()
    const sub = await subscription(limen.mqttPort, ['-t', 'large/#', '-q', '1', '-F', '%t %p'])
    // mqtt.maxPacketSize is 256 KiB.
    const within = randomBytes(100_000).toString('hex')
    expect((await mosquittoPub(limen.mqttPort, ['-t', 'large/fits', '-q', '1', '-s'], within)).code).toBe(0)
    expect((await mosquittoPub(limen.mqttPort, ['-t', 'large/not', '-q', '1', '-s'], Buffer.alloc(300 * 1024, 'x'))).code).not.toBe(0)
    expect((await mosquittoPub(limen.mqttPort, ['-t', 'large/after', '-q', '1', '-m', 'small'])).code).toBe(0)
    expect(await sub.take(2)).toEqual([`large/fits ${within}`, 'large/after small'])
    expect((await fetch(`${limen.httpUrl}/healthz`)).status).toBe(200)
  })

  it('are refused a shared subscription', async () => {
    const limen = await ownGateway()
    const refused = await mosquittoSub(limen.mqttPort, ['-t', '$share/group/devices/#', '-q', '1', '-d', '-W', '3'])
    // [MQTT-3.9.3-2] 0x80 = 128: failure. mosquitto_sub then has nothing to wait for and leaves.
    expect(`${refused.stdout}${refused.stderr}`).toMatch(/Subscribed \(mid: 1\): 128|subscription requests were denied/)
  })
})
