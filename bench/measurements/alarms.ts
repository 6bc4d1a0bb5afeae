import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt from 'mqtt'
import { stringify } from 'yaml'
import { cpuSecondsOf, memoryOf } from '../proc.ts'
import type { Server } from '../servers/process.ts'
import { startGateway } from '../servers/subjects.ts'
import { withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'

const devices = 1_000
const metricsPerDevice = 100
const alarms = devices * metricsPerDevice
const touched = 1_000
/** The page size of an operator's list. */
const pageSize = 1_000

/** One rule, an alarm for each series: all unacknowledged, with an escalation that is still to come. */
const rules = stringify({
  rules: [{ id: 'too-high', on: { metric: 'v*' }, when: { level: { hi: 80, hihi: 90, hysteresis: 2 } }, stale: '1d', escalate: ['2h', '6h'], realarm: '8h', message: '{metric} {value}{unit} on {device}' }],
})

/**
 * From spawn to the ready line where the store holds 100,000 alarm instances, most of them unacknowledged, some acknowledged, some
 * shelved; after kill -9 and after a clean stop. Then what it costs to read them all, and what memory they take.
 */
export const measureAlarms: Measurement = async (context) => {
  if (!context.subjects.includes('limen')) return
  const directory = await mkdtemp(join(tmpdir(), 'limen-bench-alarms-'))
  try {
    await fill(context, directory)
    for (let run = 0; run < context.runs; run++) {
      await starts(context, directory, 'after a kill')
      await starts(context, directory, 'after a clean stop')
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const start = (directory: string): Promise<Server> => startGateway({ directory, rules, readyWithinMs: 120_000, env: { NODE_COMPILE_CACHE: join(directory, 'compile-cache') } })

/** Through the front door: readings over MQTT, operators over HTTP. Ends with a kill. */
async function fill(context: Context, directory: string): Promise<void> {
  const server = await start(directory)
  const began = performance.now()
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.port}`)
  const values = JSON.stringify(Object.fromEntries(Array.from({ length: metricsPerDevice }, (_, i) => [`v${i}`, i % 2 === 0 ? 85 : 95])))
  await Promise.all(Array.from({ length: devices }, (_, i) => client.publishAsync(`devices/bench-${String(i).padStart(4, '0')}`, values, { qos: 1 })))
  await client.endAsync()
  const ids = await readAll(server)
  if (ids.length !== alarms) throw new Error(`${ids.length} alarms were raised, not ${alarms}`)
  const until = new Date(Date.now() + 12 * 3_600_000).toISOString()
  await act(server, 'ack', { ids: ids.slice(0, touched), body: { by: 'bench' } })
  await act(server, 'shelve', { ids: ids.slice(touched, 2 * touched), body: { by: 'bench', until } })
  context.tell(`${alarms.toLocaleString('en')} alarms raised in ${((performance.now() - began) / 1_000).toFixed(1)} s`)
  await kill(server)
}

async function kill(server: Server): Promise<void> {
  process.kill(server.pid, 'SIGKILL')
  // It is no child that left by itself: `stop` would call that a failure.
  await server.stop().catch(() => undefined)
}

async function starts(context: Context, directory: string, how: 'after a kill' | 'after a clean stop'): Promise<void> {
  const setting = `100,000 alarms, ${how}`
  const note = (quantity: string, unit: string, value: number): void => context.notebook.note({ setting, subject: 'limen', quantity, unit, value })
  const server = await start(directory)
  const processorMs = cpuSecondsOf(server.pid) * 1_000
  try {
    const began = performance.now()
    const ids = await readAll(server)
    const listMs = performance.now() - began
    if (ids.length !== alarms) context.warn(`${ids.length} alarms came back, not ${alarms}`)
    const beganMqtt = performance.now()
    const retained = await readRetained(server)
    if (retained !== alarms) context.warn(`${retained} retained topics of alarms, not ${alarms}`)
    const mqttMs = performance.now() - beganMqtt
    await sleep(1_000)
    note('start to ready', 'ms', server.readyMs)
    note('processor time until ready', 'ms', processorMs)
    note('read all over HTTP', 'ms', listMs)
    note('read all over MQTT', 'ms', mqttMs)
    note('RSS', 'MB', memoryOf(server.pid).rss / 1e6)
    context.tell(`${setting}: ready after ${server.readyMs.toFixed(0)} ms (${processorMs.toFixed(0)} ms of processor time, all threads); all read over HTTP in ${listMs.toFixed(0)} ms, over MQTT in ${mqttMs.toFixed(0)} ms`)
  } finally {
    // The next start is after what its setting says.
    if (how === 'after a kill') await withServer(Promise.resolve(server), async () => {})
    else await kill(server)
  }
}

async function readAll(server: Server): Promise<readonly string[]> {
  const ids: string[] = []
  for (let after = ''; ; ) {
    const response = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/alarms?limit=${pageSize}${after === '' ? '' : `&after=${encodeURIComponent(after)}`}`)
    if (!response.ok) throw new Error(`the list of alarms was answered ${response.status}`)
    const { items, next } = (await response.json()) as { items: { id: string }[]; next: string | null }
    for (const { id } of items) ids.push(id)
    if (next === null) return ids
    after = next
  }
}

async function readRetained(server: Server): Promise<number> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${server.port}`)
  let count = 0
  const all = new Promise<void>((resolve) => client.on('message', () => void (++count === alarms && resolve())))
  await client.subscribeAsync('limen/alarms/#', { qos: 1 })
  await Promise.race([all, sleep(60_000)])
  await client.endAsync()
  return count
}

async function act(server: Server, verb: string, { ids, body }: { ids: readonly string[]; body: object }): Promise<void> {
  for (let i = 0; i < ids.length; i += 50) {
    await Promise.all(ids.slice(i, i + 50).map(async (id) => {
      const response = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/alarms/${id}/${verb}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      if (!response.ok) throw new Error(`${verb} of ${id} was answered ${response.status}: ${await response.text()}`)
    }))
  }
}
