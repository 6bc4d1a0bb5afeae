/** What the generator process is asked to do and what it answers; sent over the IPC channel as JSON. */

export interface SaturateJob {
  readonly kind: 'saturate'
  readonly port: number
  readonly connections: number
  /** Publishes each connection keeps unacknowledged. */
  readonly inFlight: number
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly noDelay: boolean
}

export interface PaceJob {
  readonly kind: 'pace'
  readonly port: number
  readonly connections: number
  /** Readings a second, all connections together. */
  readonly rate: number
  /** Readings and alarms come from the start; times count only after so long. What is missing counts always. */
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly noDelay: boolean
  /** How many alarms are caused over the run and its warm-up; each on a device of its own. */
  readonly alarms: number
  /** Makes the alarm devices of this run different from those of any other. */
  readonly run: string
  /** `rules`: listens to command and alarm topics. `relay`: listens to the readings themselves (a broker without rules). */
  readonly listen: 'rules' | 'relay'
  /** How long after the end to wait for what is still on its way. */
  readonly settleSeconds: number
}

export type Job = SaturateJob | PaceJob

export interface SaturateResult {
  readonly kind: 'saturate'
  readonly acknowledged: number
  /** With those of the warm-up and of the end. */
  readonly acknowledgedInAll: number
  readonly seconds: number
  readonly perSecond: number
  /** Sent and never acknowledged, five seconds after the end. */
  readonly unacknowledged: number
  readonly lost: readonly string[]
  /** Share of one core that the generator itself used. */
  readonly generatorCpu: number
}

export interface Spread { readonly count: number; readonly missing: number; readonly p50: number; readonly p99: number; readonly max: number }

export interface PaceResult {
  readonly kind: 'pace'
  readonly sent: number
  readonly acknowledged: number
  readonly seconds: number
  /** Publish to the actuator's command topic, ms. */
  readonly command: Spread
  /** Publish to the alarm topic (or, for `relay`, to a plain subscriber), ms. */
  readonly alarm: Spread
  readonly lost: readonly string[]
  /** The longest the generator itself was late with a message, ms: beyond a few, the figures are its own. */
  readonly generatorLateMs: number
  readonly generatorCpu: number
}

export type Result = SaturateResult | PaceResult
export type Answer = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly error: string }
