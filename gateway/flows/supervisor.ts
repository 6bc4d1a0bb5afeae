import type { Cancel, Clock } from '../kernel/clock.ts'
import type { TechnicalCondition } from '../kernel/contracts.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import type { NewEvent } from '../kernel/event.ts'
import type { FlowsState, FlowsStatus } from '../kernel/flows.ts'
import type { Logger } from '../kernel/log.ts'
import type { FlowsMessage } from './messages.ts'
import type { Run, RunEnd } from './run.ts'

export interface SupervisorDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** Starts the process. `safe`: the editor comes up, flows do not. */
  readonly launch: (how: { readonly safe: boolean }, onMessage: (message: FlowsMessage) => void) => Promise<Run>
  /** Into the log. */
  readonly record: (event: NewEvent) => void
  readonly condition: (condition: TechnicalCondition) => void
}

/** Keeps the process of the flows running: again after a crash, later each time; in safe mode after three in a row. */
export interface Supervisor {
  /** Returns at once; the process comes up by itself. */
  start(): void
  /** Resolves when the process is gone. Cannot be started again. */
  stop(): Promise<void>
  status(): Omit<FlowsStatus, 'editor'>
  /**
   * Ends the process, does `between` while there is none, and starts it anew, out of safe mode. Resolves (or fails) with `between`;
   * the process starts in any case. STOPPING where the gateway stops.
   */
  again<T>(between: () => Promise<T>): Promise<T>
}

const firstWaitMs = 1_000
const longestWaitMs = 60_000
const crashesToSafeMode = 3
/** A run that lasted so long was no attempt. */
const goodRunMs = 10 * 60_000
/** Running for so long ends the alarm: flows that fall at their first message do not make it come and go. */
const calmAfterMs = 30_000

interface Job { readonly run: () => Promise<void>; readonly refuse: (error: Error) => void }

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { clock, logger, record } = deps
  let state: FlowsState = 'starting'
  let since: number | null = null
  let restarts = 0
  let lastError: FlowsStatus['lastError'] = null
  let wanted = false
  let safe = false
  /** In a row. */
  let crashes = 0
  let run: Run | undefined
  let raised: 'crash' | 'safe' | undefined
  /** The present run or wait is to end: there are jobs, or the gateway stops. */
  let interrupted = false
  let wake: () => void = () => {}
  let cancelCalm: Cancel = () => {}
  let looping: Promise<void> | undefined
  const jobs: Job[] = []

  function change(to: FlowsState): void {
    if (state === to && since !== null) return
    state = to
    since = clock.wall()
  }

  function failed(message: string): void {
    lastError = { at: new Date(clock.wall()).toISOString(), message }
  }

  /** Its words are those of the moment it was raised: when there is something else to say it is raised anew. */
  function raise(kind: 'crash' | 'safe', message: string): void {
    cancelCalm()
    if (raised === kind) return
    if (kind === 'safe' || raised !== undefined) calm('something else is wrong with the flows')
    raised = kind
    deps.condition({ rule: 'technical.flows', active: true, message })
  }

  /** Also where none was raised: the gateway before this one may have. */
  function calm(message: string): void {
    raised = undefined
    deps.condition({ rule: 'technical.flows', active: false, message })
  }

  function running(): void {
    change('running')
    cancelCalm()
    cancelCalm = clock.after(calmAfterMs, () => calm('flows run'))
  }

  function take(message: FlowsMessage): void {
    switch (message.type) {
      case 'started':
        record({ type: 'limen.gateway.flows-started', data: { tabs: message.tabs, nodes: message.nodes, safeMode: false } })
        // An old word from before a deploy in safe mode is not believed.
        if (!safe) running()
        return
      case 'safe':
        record({ type: 'limen.gateway.flows-started', data: { tabs: 0, nodes: 0, safeMode: true } })
        return change('safe-mode')
      case 'deployed':
        record({ type: 'limen.gateway.flows-deployed', data: { by: message.by } })
        crashes = 0
        safe = false
        return running()
      case 'error':
        logger.warn({ reason: message.message }, 'flows tell of an error')
        return failed(message.message)
      case 'listening':
      case 'beat':
        return
      default:
        return message satisfies never
    }
  }

  function crashed({ code, signal, reason }: RunEnd): number {
    crashes++
    safe ||= crashes >= crashesToSafeMode
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(crashes - 1, 16))
    failed(reason)
    logger.warn({ reason, crashes, safe, waitMs }, 'flows ended by themselves')
    record({ type: 'limen.gateway.flows-ended', data: { reason, code, signal, crashes, againInMs: waitMs, safeMode: safe } })
    if (safe) raise('safe', `Flows crashed three times (${reason}) and are stopped; open /flows/ and deploy a repaired version, or: limen flows rollback`)
    else raise('crash', `Flows ended by themselves (${reason}), started again in ${waitMs / 1_000} s`)
    change('waiting')
    return waitMs
  }

  async function runOnce(): Promise<RunEnd> {
    change('starting')
    const startedAtMs = clock.monotonic()
    try {
      run = await deps.launch({ safe }, take)
    } catch (thrown) {
      return { asked: false, code: null, signal: null, reason: `they cannot be started: ${asError(thrown).message}` }
    }
    if (interrupted) void run.stop()
    const end = await run.ended
    run = undefined
    cancelCalm()
    if (clock.monotonic() - startedAtMs >= goodRunMs) crashes = 0
    return end
  }

  function wait(ms: number): Promise<void> {
    if (interrupted) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
  }

  async function loop(): Promise<void> {
    for (let first = true; ; first = false) {
      interrupted = false
      for (const job of jobs.splice(0)) await job.run()
      if (!wanted) break
      // One more came while those ran.
      if (jobs.length > 0) continue
      if (!first) restarts++
      const end = await runOnce()
      if (end.asked || !wanted) record({ type: 'limen.gateway.flows-ended', data: { reason: wanted ? 'restart' : 'the gateway stops', code: end.code, signal: end.signal } })
      else await wait(crashed(end))
    }
    for (const job of jobs.splice(0)) job.refuse(new LimenError('STOPPING', 'the gateway is stopping'))
  }

  function interrupt(): void {
    interrupted = true
    wake()
    void run?.stop()
  }

  return {
    start() {
      if (looping !== undefined) return
      wanted = true
      looping = loop()
    },
    async stop() {
      wanted = false
      cancelCalm()
      interrupt()
      await looping
      change('stopped')
    },
    again(between) {
      if (!wanted) return Promise.reject(new LimenError('STOPPING', 'the gateway is stopping'))
      return new Promise((resolve, reject) => {
        jobs.push({
          async run() {
            try {
              const result = await between()
              crashes = 0
              safe = false
              resolve(result)
            } catch (thrown) {
              reject(asError(thrown))
            }
          },
          refuse: reject,
        })
        interrupt()
      })
    },
    status: () => ({ state, since: since === null ? null : new Date(since).toISOString(), restarts, lastError, memoryBytes: run?.memoryBytes() ?? null }),
  }
}
