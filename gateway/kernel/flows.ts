import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * `off`: not asked for · `starting`: the process runs, flows do not yet · `running` · `safe-mode`: the editor runs, flows do not,
 * until somebody deploys · `waiting`: it ended by itself and is started again in a moment · `stopped`: the gateway is stopping.
 */
export type FlowsState = 'off' | 'starting' | 'running' | 'safe-mode' | 'waiting' | 'stopped'

/** How the Node-RED process does; times are ISO 8601. */
export interface FlowsStatus {
  readonly state: FlowsState
  /** Since when it is in this state; null where it never ran. */
  readonly since: string | null
  /** How often it was started again since the gateway started. */
  readonly restarts: number
  readonly lastError: { readonly at: string; readonly message: string } | null
  /** Resident memory of the process, bytes; null where there is none. */
  readonly memoryBytes: number | null
  /** Path of the editor on the HTTP port; null where flows are off. */
  readonly editor: string | null
}

/** What a deploy replaced, kept in the data directory; the newest first. */
export interface FlowsVersion {
  /** `[0-9TZ-]+`, from the time it was replaced. */
  readonly id: string
  readonly replacedAt: string
  /** Tabs and nodes in it. */
  readonly tabs: number
  readonly nodes: number
}

/** What the API and the command line may ask of the flows. */
export interface FlowsDesk {
  status(): FlowsStatus
  versions(): Promise<readonly FlowsVersion[]>
  /** Brings a version back (undefined: the newest) and starts the process anew on it; what it replaces is kept as a version. Null: there is none of this id. */
  rollback(id: string | undefined, by: string): Promise<FlowsVersion | null>
  /** Starts the process anew, out of safe mode, too. */
  restart(by: string): Promise<void>
}

/** The editor on the gateway's own port. Whoever gets here has been let in; answers 503 where the process is not there. */
export interface FlowsProxy {
  request(request: IncomingMessage, response: ServerResponse): void
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
}
