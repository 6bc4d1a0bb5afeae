import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../test/support/eventually.ts'
import { startGatewayProcess } from '../test/support/gateway-process.ts'
import { openRaw } from '../test/support/raw-mqtt.ts'
import { type Finding, startLoad, surgeRule } from './books.ts'
import type { Fault } from './fault.ts'

const pauseMs = 10_000
const keepAliveS = 4

const rules = `${surgeRule}  - id: silent
    on: { metric: pulse, device: monitor }
    when: { absent: { after: 3s } }
`

/**
 * SIGSTOP, and SIGCONT 10 s later. Whoever sent all the while (a device that is watched for silence, a client that pings within
 * its keep alive) has done nothing wrong: no alarm of absence, no will. What the gateway did not hear, it has to read first.
 */
export const pause: Fault = async ({ tell }) => {
  const limen = await startGatewayProcess({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': rules } })
  const load = startLoad(limen)
  const monitor = await openRaw(limen.mqttPort, { clientId: 'monitor', keepalive: keepAliveS, will: { topic: 'devices/monitor/status', payload: Buffer.from('offline'), qos: 1, retain: true } })
  let seq = 0
  const pulse = setInterval(() => {
    monitor.send({ cmd: 'publish', topic: 'devices/monitor/pulse', payload: JSON.stringify({ value: 60 + (seq % 5), seq: ++seq }), qos: 0 })
    monitor.send({ cmd: 'pingreq' })
  }, 500)
  async function eventsOf(type: string, subject: string): Promise<number> {
    let count = 0
    for (let after: string | null = '0'; after !== null; ) {
      const answer = await fetch(`${limen.httpUrl}/api/v1/events?type=${type}&device=${subject}&after=${after}`)
      const page = (await answer.json()) as { items: unknown[]; next: string | null }
      count += page.items.length
      after = page.next
    }
    return count
  }
  try {
    monitor.send({ cmd: 'publish', topic: 'devices/monitor/status', payload: 'online', qos: 0 })
    await load.getOn(200)
    await sleep(4_000)
    tell(`SIGSTOP for ${pauseMs / 1_000} s`)
    limen.signal('SIGSTOP')
    await sleep(pauseMs)
    limen.signal('SIGCONT')
    await load.getOn(200)
    await sleep(4_000)
    const wrong: string[] = []
    if ((await eventsOf('limen.alarm.raised', 'monitor')) > 0) wrong.push('an alarm of absence, though the device was never silent')
    if ((await eventsOf('limen.device.offline', 'monitor')) > 0) wrong.push('a will, though its client pinged all the while')
    if (monitor.closed()) wrong.push('the client was cut')
    // And it has not gone deaf: real silence is noticed.
    clearInterval(pulse)
    await eventually('the alarm of real silence', async () => (await eventsOf('limen.alarm.raised', 'monitor')) > 0)
    await eventually('the will of a client that is gone', async () => (await eventsOf('limen.device.offline', 'monitor')) === 1)
    const findings: readonly Finding[] = await load.close('SIGSTOP 10 s')
    const [first, ...others] = findings
    return [{ ...first!, wrong: [first!.wrong, ...wrong].filter((each) => each !== '').join('; ') }, ...others]
  } finally {
    clearInterval(pulse)
    monitor.destroy()
    limen.signal('SIGCONT')
    await load.end()
    await limen.remove()
  }
}
