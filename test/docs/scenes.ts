import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { expect, onTestFinished } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { freePort } from '../support/servers.ts'
import { createStory, tell } from './cookbook.ts'
import { root } from './markdown.ts'
import type { Scene } from './scene.ts'
import { getJson } from './scene.ts'
import type { Running, Session } from './session.ts'

const secret = `whsec_${randomBytes(24).toString('base64')}`

async function publish({ gateway }: Session, ...messages: readonly (readonly [topic: string, payload: string])[]): Promise<void> {
  const client = await connectAsync(gateway.mqttUrl, { reconnectPeriod: 0 })
  for (const [topic, payload] of messages) await client.publishAsync(topic, payload, { qos: 1 })
  await client.endAsync()
}

/** The newest alarm that stands, once there is one: delays have to pass. */
async function alarmId(session: Session): Promise<string> {
  return eventually('an alarm that is active', async () => {
    const { items } = await getJson<{ items: { id: string; raisedAt: string }[] }>(session, '/api/v1/alarms?active=true&state=unacked,acked')
    return items.sort((a, b) => b.raisedAt.localeCompare(a.raisedAt))[0]?.id
  })
}

const alarmState = async (session: Session, device: string): Promise<string | undefined> =>
  (await getJson<{ items: { state: string }[] }>(session, `/api/v1/alarms?device=${device}`)).items[0]?.state

/** Waits until a script has said it; if it never does, the failure has what it said instead. */
async function hear(script: Running, words: string): Promise<void> {
  await eventually(words, () => script.output().includes(words)).catch((cause: unknown) => {
    throw new Error(`"${words}" was not said; this was:\n${script.output()}`, { cause })
  })
}

/** Of a receiver that refuses for good. */
async function refusingPort(): Promise<number> {
  const receiver = await createHttpReceiver()
  onTestFinished(() => receiver.goAway())
  receiver.answer = (_request, response) => void response.writeHead(404).end('no such pager')
  return Number(new URL(receiver.url).port)
}

/** Two versions that deploys left behind. */
const versionsOfFlows = Object.fromEntries(['20261126T100000000Z', '20261126T110543123Z'].map((id) => [`data/flows/versions/${id}/flows.json`, JSON.stringify([{ id, type: 'tab' }])]))

const repository = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The rule of README, a little stricter; and what a bed sent. */
const stricter = 'rules:\n  - id: spo2-low\n    on: { metric: spo2, device: "bed-*" }\n    when: { below: 92, hysteresis: 1 }\n'
const recording = 'time,heart_rate,spo2\n2026-01-01T00:00:00Z,70,97\n2026-01-01T00:01:00Z,71,91\n2026-01-01T00:02:00Z,,95\n'

/** By page; one that is not here has nothing but a gateway. */
export const scenes: Readonly<Record<string, Scene>> = {
  'README.md': {
    words: { ID: alarmId },
    files: { 'stricter.yaml': stricter, 'recording.csv': recording },
    says: [
      ['npm run limen -- check', /^ok: 2 rules, /m],
      ['npm run limen -- --help', /limen COMMAND[^]*dead-letters/],
      ['mosquitto_sub', /^limen\/alarms\/bed-1\/spo2-low \{/m],
      ['curl -X POST', /"state":"acked"[^]*"acknowledgedBy":"anna"/],
      ['npm run limen -- backtest --rules', /"event":"raised","level":"lo","value":91[^]*"summary":\{"readings":5,/],
      ['npm run limen -- backtest --config limen.yaml --rules', /"rule":"spo2-low","key":"bed-1",[^]*"event":"raised"/],
      ['npm run limen -- backtest --config', /"rule":"spo2-low","key":"bed-1",[^]*"event":"raised","level":"lolo"/],
      ['npm run limen -- rules list', /^spo2-low +live +1 /m],
      ['npm run limen -- rules put', /^spo2-low is written; revision 2, live$/m],
      ['npm run limen -- rules diff', /^-when: .*\n/m],
      ['npm run limen -- rules rollback', /that is revision 3, live/],
      ["curl 'http://127.0.0.1:8080/api/v1/events", /"type":"limen\.alarm\.raised"/],
      ['curl http://127.0.0.1:8080/api/v1/alarms/ID/evidence', /"rule":\{"id":"spo2-low"/],
      ['curl http://127.0.0.1:8080/api/v1/kpis', /"id":"ack-p95"/],
    ],
  },
  'docs/analyst.md': {
    yaml: ({ influxPort }) => (influxPort === undefined ? '' : `influx: { version: 1, url: "http://127.0.0.1:${influxPort}", database: readings }\n`),
    files: { 'rules/spo2.yaml': 'rules: [{ id: spo2-low, on: { metric: spo2, device: bed-9 }, when: { below: 90 } }]\n' },
    async prepare(session) {
      const client = await connectAsync(session.gateway.mqttUrl)
      await tell(createStory(Date.now()), client)
      await client.endAsync()
      await publish(session, ['devices/bed-9/spo2', '84'])
      await eventually('everything to be in InfluxDB, where there is one', async () => {
        const { targets } = await getJson<{ targets: { influx?: { received: number; queued: number } } }>(session, '/api/v1/ledger')
        return targets.influx === undefined || (targets.influx.received > 0 && targets.influx.queued === 0)
      })
    },
    says: [
      ['limen export --device bed-1 --metric heart_rate', /^\s*180$/m],
      ['limen export --format csv', /^device,metric,ts,value,[^]*^door-front,contact,\d+,open,/m],
      ['limen export --format lp', /^reading,device=bed-1,metric=heart_rate value=70 \d{19}$/m],
      ['limen export --alarms', /limen\.alarm\.raised|,raised,|^\S+Z,raised/m],
      ['influx -database', /^reading,\d{19},70$/m],
      ["curl 'http://127.0.0.1:8080/api/v1/readings?device=bed-1&metric=heart_rate&limit", /"metric":"heart_rate"[^]*"next":"\d+"/],
      ["curl 'http://127.0.0.1:8080/api/v1/readings?device=bed-1&metric=heart_rate&from", /"value":130,[^}]*"count":\d+/],
      ["curl 'http://127.0.0.1:8080/api/v1/events?format=csv", /^time,event,[^]*,by,note,reason,[^]*Z,raised,/m],
      ["curl 'http://127.0.0.1:8080/api/v1/events?type=limen.alarm.*&by=anna", /"items":\[\]/],
      ["curl 'http://127.0.0.1:8080/api/v1/events", /"type":"limen\.alarm\.raised"/],
      ['limen export --alarms --rule', /^\S+Z,raised,[^,]+,process,spo2-low,/m],
      ['curl http://127.0.0.1:8080/api/v1/alarms/ID/evidence', /"rule":\{"id":"spo2-low"[^]*"readings":\[\{"device":"bed-9","metric":"spo2"/],
      ["curl 'http://127.0.0.1:8080/api/v1/alarms/ID/evidence", /"occurrence":1,/],
      ["curl 'http://127.0.0.1:8080/api/v1/kpis?operators=2", /"operators":2,[^]*"annunciated":7,/],
      ["curl 'http://127.0.0.1:8080/api/v1/kpis?from", /"id":"ack-p95"/],
    ],
    words: { ID: alarmId },
  },
  'docs/integrator.md': {
    yaml: () => 'devices:\n  bed-1: { type: ward-monitor, labels: { ward: east } }\ntargets:\n  nurse-call: { webhook: { url: "http://127.0.0.1:9000/hook", secretEnv: NURSE_CALL_SECRET, allowPrivate: true } }\n',
    files: {
      'warm-ward.yaml': 'id: too-warm # of the ward\non: { metric: temperature, device: "room-*" }\nwhen: { above: 27, hysteresis: 1 }\n',
      'climate.csv': 'time,temperature,humidity\n2026-01-01T00:00:00Z,21.5,40\n2026-01-01T00:01:00Z,27.5,41\n2026-01-01T00:02:00Z,22,\n',
      'lines.jsonl': '{"at":0,"device":"room-4","metric":"temperature","value":28}\n{"at":1000,"do":"ack","rule":"too-warm","device":"room-4","by":"anna"}\n',
      'recording.csv': 'time,heart_rate,spo2\n2026-01-01T00:00:00Z,70,97\n2026-01-01T00:01:00Z,71,96\n2026-01-01T00:02:00Z,,95\n',
    },
    env: { NURSE_CALL_SECRET: secret },
    ports: { 9000: freePort },
    words: { ID: alarmId },
    says: [
      ['limen check', /^ok: 5 rules, 1 target/m],
      ['limen simulate --csv', /5 sent|3 sent|\d sent/],
      ['limen backtest --rules warm-ward.yaml --csv', /"rule":"too-warm","key":"room-4",[^]*"event":"returned"[^]*"summary":\{"readings":5,"transitions":2,"alarms":1,/],
      ['limen backtest --rules warm-ward.yaml --input', /"event":"acked"[^]*"summary":\{"readings":1,/],
      ['curl -X POST http://127.0.0.1:8080/api/v1/rules/backtest', /^\{"from":"2026-11-01T00:00:00\.000Z",[^]*"items":\[[^]*"summary":\{[^]*"truncated":false/m],
      ['limen backtest --config limen.yaml --rules', /^\{"summary":\{/m],
      ['limen backtest --config', /"rule":"spo2-low","key":"bed-1"|"summary":\{/],
      ['limen rules list', /^door-open +live +1 .* file:rules\/page-\d\.yaml$/m],
      ['limen rules put', /^too-warm is written; revision 2, live$/m],
      ['limen rules show', /^id: too-warm # of the ward$/m],
      ['limen rules diff', /^-when: \{ above: 28, hysteresis: 1 \}\n-mode: shadow\n\+when: \{ above: 27, hysteresis: 1 \}$/m],
      ['limen rules history', /^2 +put .*\n1 +file /m],
      ['limen rules rollback too-warm --to 1', /that is revision 3, shadow/],
      ['limen rules delete', /^too-warm is removed/m],
      ['limen rules rollback too-warm --to 2', /that is revision 5, live/],
      ['curl -X POST http://127.0.0.1:8080/api/v1/rules/check', /"ok":true/],
      ["curl -X PUT 'http://127.0.0.1:8080/api/v1/rules/too-warm", /"revision":6,"changedBy":"anna"/],
      ['curl http://127.0.0.1:8080/api/v1/rules/too-warm/versions', /"action":"put","by":"anna"/],
      ["curl 'http://127.0.0.1:8080/api/v1/rules/too-warm/diff", /"diff":"--- too-warm revision 1/],
      ['curl -X POST http://127.0.0.1:8080/api/v1/rules/too-warm/rollback', /"revision":7/],
      ['mosquitto_sub -t limen/alarms/bed-1', /^limen\/alarms\/bed-1\/spo2-low \{.*"level":"lolo"/m],
      ['curl http://127.0.0.1:8080/api/v1/devices/bed-1', /"spo2":\{"value":97/],
      ['curl http://127.0.0.1:8080/api/v1/devices/freezer-1', /"temperature":\{"value":-20,"unit":"Cel"/],
      ['curl -X POST http://127.0.0.1:8080/api/v1/commands', /"status":"/],
      ['curl -X POST http://127.0.0.1:8080/api/v1/alarms/ID/shelve', /"overlays":\["shelved"\]/],
      ['curl -N', /limen\.device\.(?:online|offline)/],
    ],
    scripts: {
      async 'lamp.js'(session, block) {
        const lamp = await session.startScript('lamp.mjs', block.text)
        await eventually('the lamp to be online', async () => (await getJson<{ status?: string }>(session, '/api/v1/devices/lamp-bed-1')).status === 'online')
        await publish(session, ['devices/bed-1/spo2', '84'])
        await hear(lamp, 'light is on')
        await publish(session, ['devices/bed-1/spo2', '97'])
        await hear(lamp, 'light is off')
        await lamp.stop()
        await eventually('the lamp to be offline', async () => (await getJson<{ status?: string }>(session, '/api/v1/devices/lamp-bed-1')).status === 'offline')
      },
      async 'receiver.js'(session, block) {
        const receiver = await session.startScript('receiver.mjs', block.text)
        await publish(session, ['devices/bed-3/spo2', '84'])
        await hear(receiver, 'limen.alarm.raised SpO₂ 84 on bed-3')
        const forged = await fetch(session.withPorts('http://127.0.0.1:9000/hook'), { method: 'POST', headers: { 'webhook-id': 'a', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)), 'webhook-signature': 'v1,AAAA' }, body: '{}' })
        expect(forged.status).toBe(401)
        await publish(session, ['devices/bed-3/spo2', '97'])
        await eventually('bed-3 to have returned', async () => (await alarmState(session, 'bed-3')) === 'rtn-unacked')
      },
      async 'live.js'(session, block) {
        const page = await session.startScript('live.mjs', block.text)
        await hear(page, 'bed-1 spo2 97')
        await publish(session, ['devices/bed-4/spo2', '83'])
        await hear(page, 'limen.alarm.raised SpO₂ 83 on bed-4')
        await page.stop()
      },
      async 'page.js'(session, block) {
        const page = await session.startScript('page.mjs', block.text)
        await hear(page, 'limen/alarms/bed-4/spo2-low SpO₂ 83 on bed-4')
        await page.stop()
      },
    },
  },
  'docs/rules/backtest.md': {
    async prepare(session) {
      await publish(session, ['devices/room-4/temperature', '27'], ['devices/room-4/temperature', '24'])
    },
    says: [['curl -X POST http://127.0.0.1:8080/api/v1/rules/backtest', /"rule":"too-warm","key":"room-4"[^]*"event":"raised"[^]*"event":"returned"[^]*"summary":\{"readings":2,"transitions":2,"alarms":1,"shorterThan30s":1,/]],
  },
  'docs/flows.md': {
    files: versionsOfFlows,
    says: [['limen flows list', /20261126T110543123Z[^]*20261126T100000000Z/], ['limen flows rollback', /20261126T110543123Z/]],
  },
  'docs/install.md': {
    files: { 'docker/secrets.sh': repository('docker/secrets.sh'), '.env.example': repository('.env.example') },
    says: [
      ['limen --version', /^limen \d/], ['node --version', /^v2\d/], ['limen check', /^ok: 8 rules/m], ['sudo -u limen limen export', /^device,metric,/m],
      ['sh docker/secrets.sh', /made secrets\/admin_password/], ['curl http://127.0.0.1:8080/readyz', /"status":"ready"/],
    ],
  },
  'docs/technician.md': {
    yaml: () => 'targets: { pager: { webhook: { url: "http://127.0.0.1:9000/hook", allowPrivate: true } } }\n',
    ports: { 9000: refusingPort },
    files: { ...versionsOfFlows, 'rules/pager.yaml': 'rules: [{ id: hot, on: { metric: t }, when: { above: 30 }, then: [{ notify: pager, resolved: false }] }]\n' },
    async prepare(session) {
      await publish(session, ['devices/oven/t', '40'], ['devices/kiln/t', '40'])
      await eventually('dead letters', async () => (await getJson<{ items: unknown[] }>(session, '/api/v1/dead-letters')).items.length === 2)
    },
    words: { DEAD: async (session) => eventually('a dead letter', async () => (await getJson<{ items: { id: string }[] }>(session, '/api/v1/dead-letters')).items[0]?.id) },
    says: [
      ['limen init', /wrote .*limen\.yaml/],
      ['limen check', /^ok: 8 rules/m],
      ['limen user list', /anna\s+admin/],
      ['limen device list', /bed-1\s+bed-1/],
      ['limen dead-letters list', /pager .*limen\.alarm\.raised .*404/],
      ['limen dead-letters redrive', /is sent again/],
      ['limen dead-letters discard', /is discarded/],
      ['curl http://127.0.0.1:8080/readyz', /"status":"ready"/],
      ['curl http://127.0.0.1:8080/api/v1/ledger', /"pager":\{"received":2/],
    ],
  },
}
