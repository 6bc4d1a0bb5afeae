import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'mqtt'
import { parse } from 'yaml'
import { startChild } from './demo/children.ts'
import { columns, createFeed, paths } from './demo/feed.ts'
import type { Path } from './demo/feed.ts'
import { keepGateway } from './demo/gateway.ts'
import { createNurse } from './demo/nurse.ts'
import { parseDemoArguments } from './demo/options.ts'
import { takenPort } from './demo/ports.ts'
import { createReceiver } from './demo/receiver.ts'

/**
 * `npm run demo`: the gateway, a ward and a home that publish to it, and a receiver for its webhooks.
 * Shows what happens as it happens; one Ctrl-C ends everything. A gateway that is killed is started again, and the next
 * demonstration goes on with the data of this one, so that everybody can see that nothing is lost.
 */
const root = join(import.meta.dirname, '..')
const configFile = join(root, 'demo/limen.yaml')
interface DemoConfig { readonly mqtt: { readonly port: number }; readonly http: { readonly port: number }; readonly targets: { readonly 'nurse-call': { readonly webhook: { readonly url: string } } } }

async function demo(argv: readonly string[]): Promise<number> {
  const parsed = parseDemoArguments(argv, root)
  if (!parsed.ok) {
    process.stderr.write(`demo: ${parsed.problem}\n`)
    return 2
  }
  const { forMs, data, fresh } = parsed.options
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

  if (fresh) await rm(data, { recursive: true, force: true })
  const cleanUps: (() => Promise<void>)[] = []
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

    const gateway = await keepGateway({ root, data, secret, signal: stopping.signal }, (text) => tell(columns('demo', 'gateway', text)))
    if ('failure' in gateway) {
      if (stopping.signal.aborted) return 0
      process.stderr.write(`demo: the gateway did not start:\n${gateway.failure}\n`)
      return 1
    }
    cleanUps.push(() => gateway.stop())
    const { mqtt: mqttUrl, http: httpUrl } = gateway
    welcome({ httpUrl, mqttUrl, pid: gateway.pid() })

    const describe = createFeed()
    const acknowledge = createNurse({ httpUrl, tell, signal: stopping.signal })
    const watcher = connect(mqttUrl, { clientId: 'demo-watcher', reconnectPeriod: 500, reconnectOnConnackError: true })
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
    const broken = await Promise.race([
      untilStopped,
      gateway.lost.then((words) => `the gateway did not come back:\n${words}`),
      ...simulators.map((child) => child.ended.then(() => `${child.name} ended by itself:\n${child.lastWords()}`)),
    ])
    if (broken !== undefined && !stopping.signal.aborted) {
      process.stderr.write(`demo: ${broken}\n`)
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

function welcome({ httpUrl, mqttUrl, pid }: { httpUrl: string; mqttUrl: string; pid: number | undefined }): void {
  process.stdout.write(`
Limen demonstration: a ward of six beds and a home of three rooms, simulated. Not a medical device.

  ${httpUrl}/             the dashboard: what is wrong, what to do about it, what happened
  ${httpUrl}/?wall        the same for a screen on the wall
  ${httpUrl}/flows/       the flows (Node-RED): alarm to chat, motion to light, a daily summary
  ${httpUrl}/api          what there is to call
  mosquitto_sub -p ${new URL(mqttUrl).port} -t 'limen/alarms/#' -v       the alarms over MQTT, retained
  kill -9 ${pid ?? 'PID'}                 the gateway dies and is started again: every alarm is where it was

Within a minute: bed-1 desaturates through two limits, its NEWS2 rises to 11, and a lamp lights over its door; bed-2's
heart races, and while that alarm stands its monitor drops off the network: the alarm stays, marked unknown; a probe of
bed-1 falls off, the monitor of bed-3 hangs; the smoke detector falls silent; the front door opens and nobody comes in;
motion switches lamps; a warm room starts its fan; somebody acknowledges what is serious. A day of a ward in some minutes:
the page KPI says so.
The rules stand in demo/rules, and on the page Rules: edit one and save it. One of them, spo2-falls, is on trial: what it
finds is in the history, and nobody is told. Ctrl-C ends everything; the next demonstration goes on where this one ended,
npm run demo -- --fresh begins with nothing.

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

process.exitCode = await demo(process.argv.slice(2))
