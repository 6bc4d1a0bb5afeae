/**
 * Random rules under random load in a real gateway that is killed, stopped, held and edited at random: in the end its journal and its
 * state must be what a backtest over its log says. `npm run soak:rules -- --minutes 5 --seed 1`
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import mqtt, { type MqttClient } from 'mqtt'
import type { Happening } from '../test/support/engine-life.ts'
import { payloadOf } from '../test/support/engine-life.ts'
import { type GatewayProcess, startGatewayProcess } from '../test/support/gateway-process.ts'
import { createRandom } from '../test/support/random.ts'
import type { Written } from '../test/support/rule-chance.ts'
import { accepted, around, happenings, rule } from '../test/support/rule-chance.ts'
import { bothTellings } from '../test/support/tellings.ts'
import { parseRuleSoakArguments } from './arguments.ts'

const { message, payload, event, action, facts } = happenings
const input = fc.oneof({ weight: 40, arbitrary: message }, { weight: 10, arbitrary: payload }, { weight: 6, arbitrary: event }, { weight: 3, arbitrary: action }, { weight: 1, arbitrary: facts }) as fc.Arbitrary<Happening>
const ruleCount = 24
const perSecond = 250

interface Round { readonly seed: number; readonly limen: GatewayProcess; readonly random: () => number; readonly counts: Record<string, number> }

const pick = <T>(of: readonly T[], random: () => number): T => of[Math.floor(random() * of.length)]!

async function ask(limen: GatewayProcess, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${limen.httpUrl}/api/v1/${path}`, { method, ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
}

/** One input, however it comes in. What does not arrive (it is being killed) has not happened. */
async function enter(what: Happening, { limen, random, counts }: Round, clients: readonly MqttClient[]): Promise<void> {
  counts[what.what] = (counts[what.what] ?? 0) + 1
  const client = pick(clients, random)
  if (what.what === 'message') client.publish(`devices/${what.device}`, payloadOf(what, Date.now()), { qos: 1 })
  else if (what.what === 'payload') client.publish(what.topic, what.payload, { qos: 1 })
  else if (what.what === 'facts') await ask(limen, 'PUT', `devices/${what.device}`, what.facts)
  else if (what.what === 'action') {
    const { items } = (await (await ask(limen, 'GET', 'alarms?limit=200')).json()) as { items: readonly { id: string; occurrence: number }[] }
    if (items.length === 0) return
    const { verb, by, note, oneShot } = what.action
    const { id, occurrence } = pick(items, random)
    const body = { by, ...(note === '' ? {} : { note }), ...(verb === 'ack' && random() < 0.5 ? { occurrence } : {}), ...(verb === 'shelve' ? { oneShot, until: Date.now() + 2_000 } : {}) }
    await ask(limen, 'POST', `alarms/${id}/${verb}`, body)
  }
}

/** An edit over HTTP: another rule under a known id, the same in other words, or none any more. */
async function editRule(written: readonly Written[], { limen, random, counts, seed }: Round): Promise<void> {
  const edits = (counts['edits'] ?? 0) + 1
  counts['edits'] = edits
  const known = pick(written, random)
  const how = random()
  if (how < 0.15) return void (await ask(limen, 'DELETE', `rules/${String(known['id'])}`))
  const [other] = accepted(fc.sample(rule(String(known['id'])), { seed: seed + edits, numRuns: 1 })).written
  const body = how < 0.4 ? { ...known, message: `in other words ${edits}` } : how < 0.5 ? { ...known, mode: 'shadow' } : (other ?? known)
  await ask(limen, 'PUT', `rules/${String(known['id'])}`, body)
}

async function disturb(round: Round): Promise<void> {
  const { limen, random, counts } = round
  const how = random()
  const kind = how < 0.75 ? 'kills' : how < 0.85 ? 'stops' : 'held'
  counts[kind] = (counts[kind] ?? 0) + 1
  if (kind === 'held') {
    limen.signal('SIGSTOP')
    await sleep(200 + random() * 2_500)
    limen.signal('SIGCONT')
    return
  }
  if (kind === 'kills') await limen.kill()
  else if ((await limen.stop()) !== 0) throw new Error(`it did not stop cleanly:\n${limen.stderr()}`)
  await limen.start()
}

async function connect({ limen }: Round): Promise<MqttClient[]> {
  const clients = await Promise.all([1, 2, 3].map((i) => mqtt.connectAsync(limen.mqttUrl, { clientId: `chance-${i}`, clean: true, reconnectPeriod: 0 })))
  for (const client of clients) client.on('error', () => {})
  return clients
}

/** On a busy machine the hash takes long, and is not to be had again at once. */
async function stateOf(limen: GatewayProcess): Promise<{ readonly stateHash: string; readonly late: number }> {
  for (;;) {
    const response = await ask(limen, 'GET', 'state')
    if (response.status !== 503) return (await response.json()) as { stateHash: string; late: number }
    await sleep(Number(response.headers.get('retry-after') ?? 1) * 1_000)
  }
}

/** Gives what is wrong, undefined where nothing is. */
async function compare({ limen }: Round): Promise<string | undefined> {
  await sleep(1_000)
  for (let tries = 0; tries < 40; tries++) {
    const before = await stateOf(limen)
    const told = await bothTellings(limen)
    const after = await stateOf(limen)
    // Rules go on by time alone: only a moment in which nothing happened tells.
    if (before.stateHash !== after.stateHash) continue
    const first = told.journal.findIndex((line, i) => JSON.stringify(line) !== JSON.stringify(told.backtest[i]))
    if (first !== -1 || told.journal.length !== told.backtest.length) {
      const at = first === -1 ? told.journal.length : first
      return `transition ${at} of ${told.journal.length} (journal) and ${told.backtest.length} (backtest):\n  ${JSON.stringify(told.journal[at])}\n  ${JSON.stringify(told.backtest[at])}`
    }
    if (told.summary.stateHash !== after.stateHash || told.summary.late !== after.late) return `the same ${told.journal.length} transitions, but state ${after.stateHash}, late ${after.late} live, and ${told.summary.stateHash}, ${told.summary.late} by the backtest`
    console.log(`  ${told.journal.length} transitions, ${told.summary.readings} readings, state ${told.summary.stateHash}: the same`)
    return undefined
  }
  return 'no moment in which nothing happened: its state changes by time alone all the while'
}

/** One gateway with rules of its own; false where its backtest tells something else. */
async function run(seed: number, seconds: number): Promise<boolean> {
  const { written } = accepted(fc.sample(fc.tuple(...Array.from({ length: ruleCount }, (_, i) => rule(`r${i}`))), { seed, numRuns: 1 })[0]!)
  const inputs = fc.sample(input, { seed, numRuns: Math.min(60_000, seconds * perSecond) })
  const limen = await startGatewayProcess({ main: join(import.meta.dirname, 'often-kept.ts'), yaml: 'rules: [rules.yaml]\ndevices: { d1: { type: oven, labels: { bay: "7" } } }\n', files: { 'rules.yaml': JSON.stringify({ ...around, rules: written }) } })
  const round: Round = { seed, limen, random: createRandom(seed), counts: {} }
  let failed = true
  try {
    let clients = await connect(round)
    const began = performance.now()
    let next = 0
    let disturbAt = 3_000
    for (let nowMs = 0; nowMs < seconds * 1_000; nowMs = performance.now() - began) {
      // Not in steps with the clock: bursts, and pauses in which things fall due.
      const burst = Math.floor(round.random() * 60)
      for (let i = 0; i < burst; i++) await enter(inputs[next++ % inputs.length]!, round, clients).catch(() => {})
      if (round.random() < 0.2) await editRule(written, round).catch(() => {})
      await sleep(Math.floor(((burst * 1_000) / perSecond) * round.random() * 2))
      if (nowMs < disturbAt) continue
      disturbAt = nowMs + 1_000 + round.random() * 9_000
      // While inputs are on their way.
      const disturbed = sleep(round.random() * 50).then(() => disturb(round))
      for (let i = 0; i < 50; i++) void enter(inputs[next++ % inputs.length]!, round, clients).catch(() => {})
      await disturbed
      for (const client of clients) client.end(true)
      clients = await connect(round)
    }
    for (const client of clients) await client.endAsync(true)
    console.log(`seed ${seed}: ${Object.entries(round.counts).map(([name, count]) => `${count} ${name}`).join(', ')}`)
    const wrong = await compare(round)
    if (wrong !== undefined) console.error(`  WRONG, seed ${seed}, kept in ${limen.dir}: ${wrong}`)
    failed = wrong !== undefined
  } finally {
    if (failed) await limen.kill()
    else await limen.remove()
  }
  return !failed
}

// As an exit, so that what was started is ended with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

const parsed = parseRuleSoakArguments(process.argv.slice(2))
if (parsed.ok) {
  const { minutes, seed } = parsed.options
  const roundSeconds = Math.min(60, minutes * 60)
  let good = true
  for (let i = 0; i * roundSeconds < minutes * 60; i++) good = (await run(seed + i, roundSeconds)) && good
  process.exitCode = good ? 0 : 1
} else {
  console.error(parsed.problem)
  process.exitCode = 2
}
