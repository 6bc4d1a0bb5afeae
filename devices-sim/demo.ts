import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from 'mqtt'
import { parse } from 'yaml'
import { startChild } from './demo/children.ts'
import { columns, createFeed, paths } from './demo/feed.ts'
import type { Path } from './demo/feed.ts'
import { startGateway } from './demo/gateway.ts'
import { createNurse } from './demo/nurse.ts'
import { takenPort } from './demo/ports.ts'
import { createReceiver } from './demo/receiver.ts'

/**
 * `npm run demo`: the gateway, a ward and a home that publish to it, and a receiver for its webhooks.
 * Shows what happens as it happens; one Ctrl-C ends everything.
 */
const root = join(import.meta.dirname, '..')
const configFile = join(root, 'demo/limen.yaml')
interface DemoConfig { readonly mqtt: { readonly port: number }; readonly http: { readonly port: number }; readonly targets: { readonly 'nurse-call': { readonly webhook: { readonly url: string } } } }

async function demo(argv: readonly string[]): Promise<number> {
  const forMs = durationOf(argv)
  if (forMs === 'wrong') {
    process.stderr.write('demo: takes nothing but --for SECONDS, e.g. npm run demo -- --for 60\n')
    return 2
  }
  const config = parse(await readFile(configFile, 'utf8')) as DemoConfig
  const webhookPort = Number(new URL(config.targets['nurse-call'].webhook.url).port)
  const taken = await takenPort([
    { port: Number(process.env['LIMEN_MQTT__PORT'] ?? config.mqtt.port), what: 'MQTT', instead: 'give the demo another: LIMEN_MQTT__PORT=1884 npm run demo' },
    { port: Number(process.env['LIMEN_HTTP__PORT'] ?? config.http.port), what: 'HTTP', instead: 'give the demo another: LIMEN_HTTP__PORT=8081 npm run demo' },
    { port: webhookPort, what: 'webhook receiver', instead: 'write another port into the url of nurse-call in demo/limen.yaml' },
  ])
  if (taken !== undefined) {
    process.stderr.write(`demo: ${taken}\n`)
    return 1
  }

  const stopping = new AbortController()
  const untilStopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve(), { once: true }))
  const stop = (): void => stopping.abort()
  // npm and the terminal may both pass one Ctrl-C on: a second signal changes nothing
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const stopWatching = process.env['npm_lifecycle_event'] === undefined ? () => undefined : whenParentIsGone(stop)
  const startedAt = performance.now()
  const seen = new Set<Path>()
  const tell = (text: string): void => {
    const seconds = Math.floor((performance.now() - startedAt) / 1_000)
    process.stdout.write(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}  ${text}\n`)
  }

  const data = await mkdtemp(join(tmpdir(), 'limen-demo-'))
  const cleanUps: (() => Promise<void>)[] = [() => rm(data, { recursive: true, force: true })]
  try {
    const secret = `whsec_${randomBytes(24).toString('base64')}`
    const receiver = createReceiver({
      port: webhookPort, secret,
      onReceived({ type, subject, signed }) {
        if (signed) seen.add('webhook received')
        tell(columns('webhook', signed ? 'received' : 'BAD SIGNATURE', `nurse-call: ${type} of ${subject}`))
      },
    })
    await receiver.start()
    cleanUps.push(() => receiver.stop())

    const gateway = await startGateway({ root, data, secret, signal: stopping.signal })
    cleanUps.push(() => gateway.child.stop(12_000))
    if (gateway.mqtt === undefined || gateway.http === undefined) {
      if (stopping.signal.aborted) return 0
      process.stderr.write(`demo: the gateway did not start:\n${gateway.child.lastWords()}\n`)
      return 1
    }
    const { mqtt: mqttUrl, http: httpUrl } = gateway
    welcome(httpUrl, mqttUrl)

    const describe = createFeed()
    const acknowledge = createNurse({ httpUrl, tell, signal: stopping.signal })
    const watcher = connect(mqttUrl, { clientId: 'demo-watcher', reconnectPeriod: 500 })
    watcher.on('error', (error) => tell(columns('demo', 'error', error.message)))
    watcher.on('message', (_topic, payload) => {
      const line = describe(payload.toString())
      // that every device leaves at the end is no news
      if (line === undefined || stopping.signal.aborted) return
      if (line.path !== undefined) seen.add(line.path)
      tell(line.text)
      acknowledge(payload.toString())
    })
    await watcher.subscribeAsync('limen/events/#', { qos: 1 })
    cleanUps.push(() => watcher.endAsync(true))

    const simulators = ['ward', 'home'].map((scenario) => startChild(scenario, [join(root, 'devices-sim/main.ts'), scenario, '--url', mqttUrl]))
    cleanUps.push(async () => void await Promise.all(simulators.map((child) => child.stop(6_000))))

    const review = setTimeout(() => tell(`${'─'.repeat(20)} a minute: ${summary(seen)}`), 60_000)
    const end = forMs === undefined ? undefined : setTimeout(stop, forMs)
    cleanUps.push(() => Promise.resolve(clearTimeout(review)), () => Promise.resolve(clearTimeout(end)))
    const broken = await Promise.race([untilStopped, ...[gateway.child, ...simulators].map((child) => child.ended.then(() => child))])
    if (broken !== undefined && !stopping.signal.aborted) {
      process.stderr.write(`demo: ${broken.name} ended by itself:\n${broken.lastWords()}\n`)
      return 1
    }
    stop()
    tell('stopping')
    return forMs === undefined || seen.size === paths.length ? 0 : missing(seen)
  } finally {
    stop()
    stopWatching()
    for (const cleanUp of cleanUps.toReversed()) await cleanUp()
  }
}

/** npm runs scripts in a shell; who ends npm ends the shell, and the demonstration would run on unseen. */
function whenParentIsGone(stop: () => void): () => void {
  const parent = process.ppid
  const looking = setInterval(() => process.ppid !== parent && stop(), 500)
  return () => clearInterval(looking)
}

function welcome(httpUrl: string, mqttUrl: string): void {
  process.stdout.write(`
Limen demonstration: a ward of six beds and a home of three rooms, simulated. Not a medical device.

  ${httpUrl}/                           what there is to call
  ${httpUrl}/api/v1/alarms?active=true  the alarms as they stand
  ${httpUrl}/api/v1/devices             devices, presence and last values
  ${httpUrl}/api/v1/commands            what lamps and fans were told, and what they answered
  mosquitto_sub -p ${new URL(mqttUrl).port} -t 'limen/alarms/#' -v       the same alarms, retained, over MQTT

Within a minute: bed-1 desaturates through two limits and a lamp lights over its door; bed-2's heart races, and while
that alarm stands its monitor drops off the network: the alarm stays, marked unknown; a probe of bed-1 falls off; the
smoke detector falls silent; motion switches lamps; a warm room starts its fan; somebody acknowledges what is serious.
The rules stand in demo/rules: edit one and save it. Ctrl-C ends everything.

`)
}

function summary(seen: ReadonlySet<Path>): string {
  const absent = paths.filter((path) => !seen.has(path))
  return absent.length === 0 ? 'every path was seen' : `not seen yet: ${absent.join(', ')}`
}

function missing(seen: ReadonlySet<Path>): number {
  process.stderr.write(`demo: ${summary(seen)}\n`)
  return 1
}

/** `--for SECONDS` ends the demonstration by itself, with 1 if a path was not seen. */
function durationOf(argv: readonly string[]): number | undefined | 'wrong' {
  try {
    const { values } = parseArgs({ args: [...argv], options: { for: { type: 'string' } } })
    if (values.for === undefined) return undefined
    const seconds = Number(values.for.replace(/s$/, ''))
    return seconds > 0 && seconds < 86_400 ? seconds * 1_000 : 'wrong'
  } catch {
    return 'wrong' // an option that does not exist
  }
}

process.exitCode = await demo(process.argv.slice(2))
