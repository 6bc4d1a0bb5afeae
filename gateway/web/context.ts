import type { BacktestDesk } from '../kernel/backtest.ts'
import type { Accept, AlarmView, Authenticator, DeliveryDesk, LoginThrottle, StoreReader } from '../kernel/contracts.ts'
import type { CommandDesk, DeviceRegistry } from '../kernel/device-contracts.ts'
import type { Clock } from '../kernel/clock.ts'
import type { FlowsDesk, FlowsProxy } from '../kernel/flows.ts'
import type { KpiDesk } from '../kernel/kpis.ts'
import type { Health } from '../kernel/live.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Role, RunCredential } from '../kernel/principal.ts'
import type { RuleDesk } from '../kernel/rule-desk.ts'
import type { Access, Caller } from './access.ts'
import type { Sessions } from './sessions.ts'
import type { EventStream } from './stream.ts'

export interface WebOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** `source` of every event of the gateway. */
  readonly site: string
  /** `auth.loopback: trusted`. Off loopback it has no effect. */
  readonly loopbackTrusted: boolean
  /** Bearer tokens: that of `<data>/control.json` (who can read that file is admin), and what else the wiring gave out. */
  readonly tokens: readonly RunCredential[]
  /** Default 2,000; one more is refused. WebSockets count. */
  readonly maxConnections?: number
  /** Default 200; one more gets 503. */
  readonly maxStreams?: number
  /** Where the built dashboard is; default: where the build leaves it. */
  readonly dashboardDir?: string
  /** Of POST events; default 1 MiB. Others take 64 KiB. */
  readonly maxEventBodyBytes?: number
}

export interface WebDeps {
  readonly accept: Accept
  readonly store: StoreReader
  readonly alarms: AlarmView
  readonly devices: DeviceRegistry
  readonly commands: CommandDesk
  readonly delivery: DeliveryDesk
  readonly kpis: KpiDesk
  readonly rules: RuleDesk
  readonly backtests: BacktestDesk
  /** What `GET state` says: the hash of the rules' and alarms' state as it is now, and what it belongs to. */
  readonly state: () => StageState
  readonly authenticator: Authenticator & LoginThrottle
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: readonly MetricSource[]
  readonly health: () => Health
  /** Undefined: flows are off, and there is nothing at /flows/. */
  readonly flows?: FlowsAccess | undefined
  /** What `GET gateway` says besides site, time and health: version, since when, disk. */
  readonly siteInfo: () => Promise<object>
}

export interface StageState {
  /** Equal after equal input, live, after a kill and in a backtest. */
  readonly stateHash: string
  readonly late: number
}

export interface FlowsAccess {
  readonly desk: FlowsDesk
  readonly proxy: FlowsProxy
  readonly maxMemoryBytes: number
}

/** What routes share. */
export interface WebContext extends WebDeps {
  readonly options: WebOptions
  readonly access: Access
  readonly sessions: Sessions
  readonly stream: EventStream
  /** The addresses there are, once all are registered. */
  readonly routes: () => readonly RegisteredRoute[]
}

export interface RegisteredRoute {
  readonly method: string
  /** `/api/v1/alarms/:id` */
  readonly url: string
  readonly access: RouteAccess
  readonly schema: RouteSchema
}

/** `public`: anybody who reaches the port. */
export type RouteAccess = Role | 'public'

/** What stands in the OpenAPI document. `body` and `querystring` are checked, too. */
export interface RouteSchema {
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly body?: unknown
  readonly querystring?: unknown
  readonly consumes?: readonly string[]
  /** Of what is right; several: the first is what `response` describes, the others are text. */
  readonly produces?: string | readonly string[]
  /** By status; 401, 403, 400 and 5xx are added where they can come. */
  readonly response?: Readonly<Record<string, unknown>>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it. A route without is refused at start. */
    access?: RouteAccess
    /** A body may be left out. */
    bodyOptional?: boolean
    /** Name and password may come with the request itself (HTTP Basic), for scrapers that cannot log in. */
    basic?: boolean
    /**
     * What proves that a write under a session is its user's: the token that our pages send (the default), or, for pages that
     * cannot send it, that their browser names a page of ours as the origin. Other sites are refused either way.
     */
    proof?: 'token' | 'origin'
    /** A browser that asks for this page without a login is sent to /login. */
    loginPage?: boolean
  }
  interface FastifyRequest {
    caller: Caller | undefined
  }
  interface FastifySchema {
    summary?: string
    tags?: readonly string[]
    consumes?: readonly string[]
    produces?: string | readonly string[]
  }
}
