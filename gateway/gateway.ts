import { createAlarmStage } from './alarm-stage.ts'
import { createKpis } from './alarms/kpi-desk.ts'
import { createAnnouncements } from './announce.ts'
import { createAuthenticator } from './auth/authenticator.ts'
import { requireCredentials } from './auth/require-credentials.ts'
import { createBacktestDesk } from './backtest-desk.ts'
import { createBroker } from './broker/broker.ts'
import type { Config } from './config/config.ts'
import { createControlCredential, createControlFile } from './control-file.ts'
import { createDelivery } from './delivery/delivery.ts'
import { createTargets } from './delivery/targets.ts'
import { createCommands } from './devices/commands.ts'
import { createDevices } from './devices/registry.ts'
import { attachFlows } from './flows-attachment.ts'
import { createGate } from './gate.ts'
import { createHealth } from './health.ts'
import { readLastAlive, writeHeartbeat } from './heartbeat.ts'
import { attachInflux } from './influx-attachment.ts'
import { createIngest } from './ingest/ingest.ts'
import { createPostedEvents } from './ingest/posted.ts'
import { createRejections } from './ingest/rejections.ts'
import type { Clock } from './kernel/clock.ts'
import type { Resume } from './kernel/contracts.ts'
import type { Logger } from './kernel/log.ts'
import { isLoopbackHost } from './kernel/loopback.ts'
import type { Problem } from './kernel/problem.ts'
import { sideBySide } from './kernel/side-by-side.ts'
import { createLifecycle } from './lifecycle.ts'
import { createPipeline } from './pipeline.ts'
import { recallInputs } from './recall.ts'
import { createRuleKeeper } from './rule-keeper.ts'
import type { LoadedRules } from './rules/load.ts'
import { kinds } from './rules/kinds.ts'
import { createSiteInfo } from './site-info.ts'
import { createSnapshots } from './snapshots.ts'
import { createStageMetrics } from './stage-metrics.ts'
import { createStore } from './store/store.ts'
import { createTimekeeper } from './timekeeper.ts'
import { createWeb, webSocketPath } from './web/server.ts'

export interface GatewayDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** [0, 1), for jitter. */
  readonly random: () => number
  readonly version: string
  /** Entries of the log between two keepings of the rules' state; for trials that want it often. */
  readonly keepStateEvery?: number
  /** Reads and checks rules; at start and after every change of their files. */
  readonly loadRules: (sources: Config['rules']) => Promise<LoadedRules>
  /** The `rules:` of the configuration file as it now stands. */
  readonly rereadRules: () => Promise<Config['rules'] | { readonly problems: readonly Problem[] }>
  /** The data on disk can no longer be trusted to grow: end the process with a code other than 0. */
  readonly onFatal: (error: Error) => void
}

export interface Address { readonly host: string; readonly port: number }

export interface Gateway {
  /** Resolves when everything listens. Throws LimenError with a remedy; what had been started is then stopped. */
  start(): Promise<void>
  /** Stops taking in, ends what is under way, commits; within `deadlineMs`. */
  stop(deadlineMs?: number): Promise<void>
  addresses(): { readonly mqtt: Address; readonly http: Address }
}

const maxSeries = 200_000

/**
 * The whole of Limen, wired. A reading goes from the broker through the pipeline (ingest, rules, alarms) into the store;
 * after the commit the broker acknowledges, and alarms, commands, notifications and InfluxDB follow.
 */
export function createGateway(config: Config, deps: GatewayDeps): Gateway {
  const { clock, logger } = deps
  const lifecycle = createLifecycle({ clock, logger })
  const keeper = createTimekeeper({
    clock,
    nextDue: () => stage.nextDue(),
    onDue: () => pipeline.advance(),
    onClock: () => pipeline.advance(),
    onBeat: (times) => {
      if (stage.needsHeartbeat()) writeHeartbeat(store, times)
      if (gate.isOpen()) snapshots.look(times)
      health.look()
    },
    onStep: (stepMs) => pipeline.record({ type: 'limen.gateway.clock-stepped', data: { stepMs } }),
    onStall: (stalledMs) => pipeline.record({ type: 'limen.gateway.stalled', data: { stalledMs } }),
  })
  const loopbackTrusted = config.auth.loopback === 'trusted' && isLoopbackHost(config.mqtt.host) && isLoopbackHost(config.http.host)
  const control = createControlCredential()
  const flows = attachFlows(config, { clock, logger, accept: (input, done) => pipeline.accept(input, done), onCondition: (condition) => pipeline.condition(condition), addresses })

  const store = createStore(
    {
      directory: config.dataDir,
      commitWindowMs: config.store.commitWindowMs,
      retention: { readingsMaxAgeMs: config.retention.readingsMs, maxSizeBytes: config.retention.maxSizeBytes },
    },
    { clock, lastingMs: () => keeper.times().at, logger, onFatal: deps.onFatal, onLost: (error) => gate.lost(error) },
  )
  const authenticator = createAuthenticator({ dataDir: config.dataDir, adminPassword: config.auth.adminPassword, runCredentials: flows.credentials }, { clock, logger })
  const devices = createDevices({ configured: config.devices }, {
    store,
    logger,
    emit: (event) => {
      pipeline.record(event)
      // Rules on absence count a device from the moment it is known.
      if (event.type === 'limen.device.registered') pipeline.deviceChanged(event.subject!)
    },
    presence: (device, online) => {
      pipeline.presence(device, online)
      commands.presence(device, online)
    },
    edited: (device) => {
      ingest.relabel(device)
      pipeline.deviceChanged(device)
    },
  })
  const broker = createBroker(
    { host: config.mqtt.host, port: config.mqtt.port, maxPacketSizeBytes: config.mqtt.maxPacketSizeBytes, loopbackTrusted },
    { store, authenticator, clock, logger, accept: (input, done) => pipeline.accept(input, done) },
  )
  const commands = createCommands({}, {
    store,
    clock,
    logger,
    random: deps.random,
    announcer: broker,
    reachability: broker,
    statusOf: (device) => devices.statusOf(device),
    emit: (event) => pipeline.record(event),
    onCondition: (condition) => pipeline.condition(condition),
  })
  const influx = attachInflux(config.influx, { store, clock, logger, site: config.site, delivery: () => delivery, onCondition: (condition) => pipeline.condition(condition) })
  const delivery = createDelivery({}, {
    store,
    clock,
    logger,
    random: deps.random,
    targets: new Map([...createTargets(config.targets, { clock, logger, announcer: broker, store }), ...influx.targets]),
    emit: (event) => pipeline.record(event),
    onCondition: (condition) => pipeline.condition(condition),
  })
  const gate = createGate({ rebuild: () => restore({ kind: 'undo', times: keeper.times() }), opened: () => (pipeline.again(), health.again(), keeper.arm()), onFatal: deps.onFatal, logger })
  const ingest = createIngest({ maxSeries }, { store, labels: (device) => devices.labels(device), settings: (device) => devices.settings(device), emit: (event) => pipeline.record(event) })
  const posted = createPostedEvents({ store })
  const rejections = createRejections()
  const stage = createAlarmStage({ kinds }, { state: store })
  const snapshots = createSnapshots({ everyEntries: deps.keepStateEvery }, { store, stage, clock, logger })
  const pipeline = createPipeline({
    ...keeper,
    store,
    ingest,
    rejections,
    stage,
    announcements: createAnnouncements({ site: config.site }, { announcer: broker }),
    devices,
    commands,
    delivery,
    postedBefore: (event, receivedAt) => posted.before(event, receivedAt),
    armTimers: keeper.arm,
    gate,
    logger,
  })
  const health = createHealth(config, { store, broker, delivery, influx, flows, logger, isOpen: gate.isOpen, condition: (condition) => pipeline.condition(condition) })
  const rules = createRuleKeeper(config, {
    clock, logger, store, gate,
    load: deps.loadRules,
    rereadSources: deps.rereadRules,
    record: (event) => pipeline.record(event),
    replace: (set) => pipeline.replaceRules(set),
    condition: (condition) => pipeline.condition(condition),
    faulty: () => stage.faulty(),
  })
  const kpis = createKpis({}, { store, alarms: stage, rules: () => stage.rules(), clock, logger })
  const web = createWeb(
    { host: config.http.host, port: config.http.port, site: config.site, loopbackTrusted, tokens: [control, ...flows.credentials] },
    {
      accept: (input, done) => pipeline.accept(input, done), store, alarms: stage, commands, kpis, authenticator, clock, logger,
      devices: { ...devices, ...devices.committed, put: (id, change) => (gate.mustBeOpen(), devices.put(id, change)) },
      delivery: { ...delivery, ledger: influx.ledger },
      rules: rules.desk, backtests: createBacktestDesk(config, { clock, logger, site: rules.site }), health: health.report, flows: flows.access,
      state: () => ({ stateHash: stage.stateHash(), late: stage.lateReadings() }),
      siteInfo: createSiteInfo(config, { clock, logger, store, version: deps.version }),
      metrics: [store.metrics, snapshots.metrics, createStageMetrics(stage), broker.metrics, ingest.metrics, rejections.metrics, devices.metrics, commands.metrics, delivery.metrics, kpis.metrics, authenticator.metrics, influx.metrics, flows.metrics, health.metrics],
    },
  )

  /** Everything in memory becomes what the store holds; in the order of who asks whom. */
  async function restore(how: Resume): Promise<void> {
    // At once: what these two would write by themselves would come from memory that is no longer true.
    commands.suspend()
    delivery.suspend()
    await devices.restore(store)
    const inputs = recallInputs(store, { ingest, posted, devices, nowMs: clock.wall() }).then((inbound) => (how.kind === 'start' ? broker.restore(inbound) : undefined))
    // Side by side: one works on what it has while the store's thread reads for the other.
    await sideBySide(snapshots.restore(stage, how), inputs)
    await commands.restore(store)
    await delivery.restore(store)
  }

  async function resume(): Promise<void> {
    const alive = await readLastAlive(store)
    if (alive !== null) keeper.resume(alive.at)
    const times = keeper.times()
    await restore({ kind: 'start', alive, times })
    await pipeline.resumed({ alive, times, version: deps.version })
  }

  async function start(): Promise<void> {
    await lifecycle.start('store', store)
    await lifecycle.start('credentials', authenticator)
    requireCredentials({ mqttHost: config.mqtt.host, httpHost: config.http.host, insecure: config.auth.insecure, tls: false }, { authenticator, logger })
    await resume()
    await lifecycle.start('state', { stop: () => (gate.isOpen() && snapshots.write(keeper.times()), snapshots.settled()) })
    await lifecycle.start('rules', rules)
    await lifecycle.start('devices', devices)
    await lifecycle.start('delivery', delivery)
    await lifecycle.start('influx', influx)
    await lifecycle.start('commands', commands)
    await lifecycle.start('timers', keeper)
    await lifecycle.start('key figures', kpis)
    await lifecycle.start('web', web)
    await lifecycle.start('broker', broker)
    await broker.attachWebSocket(web.httpServer, { path: webSocketPath, allowOrigin: web.allowOrigin, principalOf: (request) => web.callerOf(request)?.principal ?? null })
    pipeline.record({ type: 'limen.gateway.started', data: { version: deps.version } })
    await lifecycle.start('control file', createControlFile({ dataDir: config.dataDir, token: control.token, http: () => addresses().http }, { clock, logger }))
    await lifecycle.start('flows', flows)
  }

  function addresses(): { mqtt: Address; http: Address } {
    return { mqtt: broker.addresses.mqtt!, http: web.address()! }
  }

  return {
    async start() {
      try {
        await start()
      } catch (thrown) {
        await lifecycle.stop(2_000)
        throw thrown
      }
    },
    stop: (deadlineMs = 8_000) => lifecycle.stop(deadlineMs),
    addresses,
  }
}
