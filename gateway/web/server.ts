import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastifyCookie from '@fastify/cookie'
import type { FastifyHttpOptions, FastifyInstance, FastifyServerOptions } from 'fastify'
import { fastify } from 'fastify'
import { asError, LimenError } from '../kernel/errors.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Access } from './access.ts'
import { createAccess } from './access.ts'
import { readJsonBodies } from './body.ts'
import type { RegisteredRoute, RouteSchema, WebContext, WebDeps, WebOptions } from './context.ts'
import { drainOf } from './drain.ts'
import { answerErrors } from './errors.ts'
import { guard } from './guard.ts'
import { createPulseSource } from './live-pulse.ts'
import { createLiveSockets, livePath } from './live-socket.ts'
import { createLiveValues } from './live-values.ts'
import { alarmRoutes } from './routes/alarms.ts'
import { backtestRoutes } from './routes/backtest.ts'
import { commandRoutes } from './routes/commands.ts'
import { deliveryRoutes } from './routes/delivery.ts'
import { deviceRoutes } from './routes/devices.ts'
import { editorDoors, editorRoutes } from './routes/editor.ts'
import { eventRoutes } from './routes/events.ts'
import { flowsRoutes } from './routes/flows.ts'
import { gatewayRoutes } from './routes/gateway.ts'
import { healthRoutes } from './routes/health.ts'
import { kpiRoutes } from './routes/kpis.ts'
import { pageRoutes } from './routes/pages.ts'
import { readingRoutes } from './routes/readings.ts'
import { ruleRoutes } from './routes/rules.ts'
import { sessionRoutes } from './routes/session.ts'
import { streamRoutes } from './routes/stream.ts'
import { createSessions } from './sessions.ts'
import { createEventStream } from './stream.ts'
import { serveUpgrades } from './upgrades.ts'
import { validatorOf } from './validator.ts'

export interface Web {
  /** Listens. ADDRESS_IN_USE when the port is taken. */
  start(): Promise<void>
  /** Ends streams, lets requests under way finish (for at most 3 s), closes. WebSockets must have been ended before. Cannot be started again. */
  stop(): Promise<void>
  /** Where it listens; undefined when it does not. */
  address(): { readonly host: string; readonly port: number } | undefined
  /** For WebSockets at /mqtt; there before start. Upgrades to paths that nobody takes are refused here. */
  readonly httpServer: Server
  /** May the page an upgrade comes from speak to us? */
  readonly allowOrigin: Access['allowOrigin']
  /** Who is behind an upgrade by cookie, control token or trusted loopback. */
  readonly callerOf: Access['callerOf']
  readonly metrics: MetricSource
  /** Requests that open no socket, for tests. */
  readonly inject: FastifyInstance['inject']
}

const stopPatienceMs = 3_000

type ValidatorFactory = NonNullable<NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>['buildValidator']>

/** Where MQTT over WebSocket is. */
export const webSocketPath = '/mqtt'

/** The HTTP side: API, stream, health, metrics, pages. Whatever comes in goes through `accept`; whatever goes out is read behind it. */
export function createWeb(options: WebOptions, deps: WebDeps): Web {
  const { authenticator, clock, logger } = deps
  const routes: RegisteredRoute[] = []
  const counts = new Map<number, number>()

  const serverOptions: FastifyHttpOptions<Server> = {
    logger: false,
    // Java's HTTP client offers h2c with every request: only a WebSocket is taken for an upgrade.
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
    bodyLimit: 65_536,
    requestTimeout: 30_000,
    keepAliveTimeout: 75_000,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2_048 },
    return503OnClosing: true,
    // Named here, so that Fastify does not load ajv and fast-json-stringify (9 MB). Its type asks for ajv's function, its code for less.
    schemaController: { compilersFactory: { buildValidator: (() => validatorOf) as unknown as ValidatorFactory, buildSerializer: () => () => JSON.stringify } },
    ...answerErrors.options(logger),
  }
  const app = fastify(serverOptions)
  app.server.headersTimeout = 15_000
  const drain = drainOf(app.server)
  app.server.maxConnections = options.maxConnections ?? 2_000

  const sessions = createSessions({}, { clock, stillValid: (principal) => authenticator.stillValid(principal) })
  const access = createAccess(options, { sessions, parseCookie: (header) => app.parseCookie(header) })
  const stream = createEventStream({ site: options.site, ...(options.maxStreams === undefined ? {} : { maxClients: options.maxStreams }) }, deps)
  const pulse = createPulseSource(deps)
  const values = createLiveValues({ clock, devices: deps.devices, pulse: () => pulse.frame() })
  const live = createLiveSockets({ access, stream, values, clock, logger })
  const context: WebContext = { ...deps, options, access, sessions, stream, routes: () => routes, metrics: [...deps.metrics, metrics] }

  app.addHook('onRoute', ({ method, url, config, schema = {} }) => {
    for (const one of [method].flat()) routes.push({ method: one, url, access: config?.access ?? 'admin', schema: schema as RouteSchema })
  })
  app.addHook('onResponse', (_request, reply, done) => {
    counts.set(reply.statusCode, (counts.get(reply.statusCode) ?? 0) + 1)
    done()
  })
  app.addHook('preClose', async () => {
    // Begun first, so that sockets are told why.
    const gone = live.stop()
    stream.stop()
    values.stop()
    pulse.stop()
    drain.begin()
    await gone
  })
  guard(app, context)
  readJsonBodies(app)
  answerErrors.install(app, { logger, routes: () => routes })
  app.register(fastifyCookie)
  app.register(async (api) => {
    for (const register of [alarmRoutes, deviceRoutes, readingRoutes, eventRoutes, streamRoutes, ruleRoutes, backtestRoutes, commandRoutes, deliveryRoutes, kpiRoutes, sessionRoutes, gatewayRoutes, flowsRoutes]) register(api, context)
  }, { prefix: '/api/v1' })
  healthRoutes(app, context)
  app.register((scope) => pageRoutes(scope, context))
  app.register((scope) => editorRoutes(scope, context))
  serveUpgrades(app.server, [
    { path: webSocketPath, take: 'elsewhere' },
    { path: livePath, take: live.upgrade },
    ...editorDoors(context),
  ])

  let stopRechecking: (() => void) | undefined
  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined

  async function listen(): Promise<void> {
    stream.start()
    pulse.start()
    stopRechecking = authenticator.onChange(() => stream.recheck())
    try {
      await app.listen({ host: options.host, port: options.port })
    } catch (thrown) {
      const { code } = asError(thrown) as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE') throw asError(thrown)
      throw new LimenError('ADDRESS_IN_USE', `HTTP cannot listen on ${options.host}:${options.port}: another process does`, { cause: thrown, remedy: 'stop that one, or write another http.port' })
    }
  }

  function* metrics() {
    for (const [status, value] of counts) yield { name: 'limen_http_responses_total', help: 'HTTP answers by status.', type: 'counter' as const, value, labels: { status: String(status) } }
    const { clients, cut, sent } = stream.counts()
    yield { name: 'limen_http_streams', help: 'Event streams that are open, live sockets among them.', type: 'gauge' as const, value: clients }
    yield { name: 'limen_http_live_sockets', help: 'Live sockets of dashboards that are open.', type: 'gauge' as const, value: live.count() }
    yield { name: 'limen_http_streams_cut_total', help: 'Event streams cut because nobody read them.', type: 'counter' as const, value: cut }
    yield { name: 'limen_http_stream_events_total', help: 'Events written to event streams.', type: 'counter' as const, value: sent }
    yield { name: 'limen_http_sessions', help: 'Logins that hold.', type: 'gauge' as const, value: sessions.size() }
  }

  return {
    start: () => (started ??= listen()),
    stop() {
      stopRechecking?.()
      // What has not ended by then ends hard: nobody waits for a client.
      const cancel = clock.after(stopPatienceMs, () => app.server.closeAllConnections())
      return (stopped ??= app.close().then(cancel))
    },
    address() {
      const address = app.server.address() as AddressInfo | null
      return address === null ? undefined : { host: address.address, port: address.port }
    },
    httpServer: app.server,
    allowOrigin: access.allowOrigin,
    callerOf: access.callerOf,
    metrics,
    inject: app.inject.bind(app),
  }
}
