import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { seed } from '../support/chance.ts'
import { createRandom } from '../support/random.ts'
import { bothTellings } from '../support/tellings.ts'

const rules = `rules:
  - { id: hot, on: { metric: temp }, when: { level: { lo: 15, hi: 80, hihi: 95, hysteresis: 5 } }, escalate: [300ms, 800ms], realarm: 500ms }
  - { id: hot-late, on: { metric: "temp*" }, when: { above: 70 }, for: 400ms, clearFor: 300ms, latch: true }
  - { id: hot-all, on: { metric: temp }, when: { above: 90 }, key: rule, ack: auto, stale: 2s }
  - { id: quiet, on: { device: "d*" }, when: { absent: { after: 700ms, grace: 300ms } } }
  - { id: door, on: { metric: door }, when: { equals: true }, for: 200ms, mode: shadow }
  - { id: climbs, on: { metric: temp }, when: { rate: { gt: 20, per: 1s, over: 1s } } }
  - { id: mean, on: { metric: temp }, when: { aggregate: { fn: avg, window: { sliding: 2s }, minCount: 2, gt: 55 } } }
  - { id: counted, on: { metric: temp }, when: { aggregate: { fn: count, window: { tumbling: 1s }, gt: 3 } } }
  - { id: top, on: { metric: temp2 }, when: { aggregate: { fn: p95, window: { session: { gap: 500ms, max: 3s } }, gt: 60 } } }
  - { id: often, on: { metric: temp }, when: { nOfM: { n: 3, m: 5, gt: 50 } } }
  - { id: stuck, on: { metric: door }, when: { flat: { eps: 1, span: 1s, minCount: 2 } } }
  - { id: odd, on: { metric: temp }, when: { anomaly: { method: ewma, alpha: 0.2, z: 1.5, warmup: 5, sigmaFloor: 1 } } }
  - { id: apart, on: { metric: temp }, when: { deviation: { of: { metric: temp2 }, gt: 40, hysteresis: 5, maxAge: 2s } } }
  - { id: both, on: { device: "d*" }, when: { all: [{ metric: temp, gt: 50 }, { metric: temp2, gt: 50 }], maxAge: 1500ms } }
  - { id: either, on: { device: "d*" }, when: { any: [{ metric: temp, gt: 90 }, { metric: door, eq: true }] }, for: 100ms }
  - { id: several, on: { device: "d*" }, key: rule, when: { atLeast: { n: 2, of: { device: "d*", metric: temp }, gt: 60 } } }
  - { id: then, on: { device: "d*" }, when: { sequence: [{ metric: door, eq: true }, { not: { metric: temp, gt: 50 } }], within: 600ms } }
  - { id: tries, on: { event: "login.*" }, key: data.card, when: { frequency: { gt: 2, in: 1s, cooldown: 500ms } } }
  - { id: sick, on: { device: "d*" }, when: { score: { table: news2, maxAge: 1s } } }
`

describe('a backtest over the log of a gateway', () => {
  it('gives the transitions and the state of its life: kills, operators, rule edits, devices that come and go', async () => {
    const random = createRandom(seed)
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
    const limen = await ownGateway({ yaml: 'rules: [rules.yaml]\ndevices: { d1: { type: oven, labels: { room: a }, news2Scale: 2 } }\n', files: { 'rules.yaml': rules } })
    let seq = 0
    for (let life = 0; life < 4; life++) {
      const client = await ownClient(limen.mqttUrl)
      for (let i = 0; i < 60; i++) {
        const device = pick(['d1', 'd2', 'd3'])
        const what = random()
        if (what < 0.5) await client.publishAsync(`devices/${device}/temp`, JSON.stringify({ value: Math.round(random() * 100), seq: seq++ }), { qos: 1 })
        else if (what < 0.6) await client.publishAsync(`devices/${device}`, JSON.stringify({ temp: Math.round(random() * 100), temp2: Math.round(random() * 100), heart_rate: Math.round(40 + random() * 100), spo2: Math.round(85 + random() * 15), ts: Date.now() - Math.floor(random() * 12_000) }), { qos: 1 })
        else if (what < 0.7) await client.publishAsync(`devices/${device}/door`, pick(['ON', 'OFF', 'nan', 'null']), { qos: 1 })
        else if (what < 0.75) await client.publishAsync(`devices/${device}/status`, pick(['online', 'offline']), { qos: 1 })
        else if (what < 0.8) await client.publishAsync('events/login.failed', JSON.stringify({ device, card: pick(['a', 'b']) }), { qos: 1 })
        else if (what < 0.9) {
          const { items } = (await (await fetch(`${limen.httpUrl}/api/v1/alarms?limit=100`)).json()) as { items: readonly { id: string; occurrence: number }[] }
          const alarm = items.length === 0 ? undefined : pick(items)
          if (alarm !== undefined) {
            const body = { by: 'ann', note: 'seen', until: Date.now() + 400, occurrence: alarm.occurrence }
            const verb = pick(['ack', 'ack', 'reset', 'shelve', 'unshelve', 'suppress', 'unsuppress', 'comment'])
            const { occurrence: _occurrence, until, ...rest } = body
            await fetch(`${limen.httpUrl}/api/v1/alarms/${alarm.id}/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(verb === 'ack' || verb === 'reset' ? body : verb === 'shelve' ? { ...rest, until } : rest) })
          }
        } else if (what < 0.92) await fetch(`${limen.httpUrl}/api/v1/devices/${device}`, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ labels: { bay: pick(['1', '2']) } }) })
        else await sleep(Math.floor(random() * 300))
      }
      if (life === 3) break
      if (life === 1) await limen.stop()
      else await limen.kill()
      await limen.start()
    }
    // Everything that is due soon, due.
    await sleep(1_500)
    const told = await eventually('a moment in which nothing happens', async () => {
      const state = async () => eventually('the hash, which is not worked out at any time', async () => {
        const response = await fetch(`${limen.httpUrl}/api/v1/state`)
        return response.ok ? ((await response.json()) as { stateHash: string; late: number }) : undefined
      })
      const before = await state()
      const both = await bothTellings(limen)
      const after = await state()
      return before.stateHash === after.stateHash ? { ...both, live: after } : undefined
    })
    expect(told.backtest, `seed ${seed}`).toEqual(told.journal)
    expect(told.journal.length).toBeGreaterThan(20)
    expect({ stateHash: told.summary.stateHash, late: told.summary.late }, `seed ${seed}`).toEqual({ stateHash: told.live.stateHash, late: told.live.late })
  }, 180_000)
})
