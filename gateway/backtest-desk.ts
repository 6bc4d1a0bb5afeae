import { Worker } from 'node:worker_threads'
import type { TrialJob } from './backtest-trial.ts'
import type { BacktestDesk, TrialOutcome } from './kernel/backtest.ts'
import type { Clock } from './kernel/clock.ts'
import { LimenError, asError } from './kernel/errors.ts'
import type { Logger } from './kernel/log.ts'

export interface BacktestDeskDeps {
  readonly clock: Clock
  readonly logger: Logger
  /** What rules may name there. */
  readonly site: () => TrialJob['site']
}

export interface BacktestDeskOptions {
  readonly dataDir: string
  /** At once; default 2. */
  readonly most?: number
  /** After so long an answer is given of what was reached; default 30 s. */
  readonly budgetMs?: number
  /** Of output; what is beyond is counted. Default 10,000. */
  readonly mostLines?: number
}

/** Rules are read before the budget begins, and the last page is gone through after it ended. */
const graceMs = 15_000
/** A thread that takes more ends, and not the gateway. */
const memoryMb = 384

/** Each trial has a thread of its own, which reads the data directory like `limen backtest` and comes after all others in being run. */
export function createBacktestDesk({ dataDir, most = 2, budgetMs = 30_000, mostLines = 10_000 }: BacktestDeskOptions, { clock, logger, site }: BacktestDeskDeps): BacktestDesk {
  const running = new Set<(why: Error) => void>()
  let stopping = false

  function run(job: TrialJob, signal: AbortSignal): Promise<TrialOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<TrialOutcome>()
    // Compiled for the package, this file and its worker are .js.
    const script = new URL(`./backtest-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
    const worker = new Worker(script, { workerData: job, resourceLimits: { maxOldGenerationSizeMb: memoryMb } })
    const end = (why: Error): void => {
      reject(why)
      void worker.terminate()
    }
    const onAbort = (): void => end(new LimenError('STOPPING', 'nobody waits for the answer any more'))
    const cancel = clock.after(budgetMs + graceMs, () => end(tooMuch(`${(budgetMs + graceMs) / 1_000} s`)))
    worker.on('message', (outcome: TrialOutcome) => {
      // Nothing is left to do for the thread but to end.
      running.delete(end)
      resolve(outcome)
    })
    worker.on('error', (error) => reject((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch(`${memoryMb} MB`) : asError(error)))
    worker.on('exit', (code) => {
      reject(new Error(`the thread that tries rules ended with code ${code}`))
      running.delete(end)
      signal.removeEventListener('abort', onAbort)
      cancel()
    })
    signal.addEventListener('abort', onAbort, { once: true })
    running.add(end)
    return promise
  }

  return {
    async try(order, signal) {
      if (stopping) throw new LimenError('STOPPING', 'the gateway is stopping')
      if (running.size >= most) throw new LimenError('OVERLOADED', `${running.size} trials are under way already`, { remedy: 'send it again a little later' })
      if (signal.aborted) throw new LimenError('STOPPING', 'nobody waits for the answer any more')
      const began = clock.monotonic()
      const outcome = await run({ ...order, dataDir, site: site(), nowMs: clock.wall(), budgetMs, mostLines }, signal)
      logger.info({ ms: Math.round(clock.monotonic() - began), ok: outcome.ok }, 'rules were tried on the log')
      return outcome
    },
    async stop() {
      stopping = true
      for (const end of [...running]) end(new LimenError('STOPPING', 'the gateway is stopping'))
    },
  }
}

function tooMuch(bound: string): LimenError {
  return new LimenError('OVERLOADED', `trying these rules takes more than ${bound}`, { remedy: 'ask for a shorter time, or try fewer rules; limen backtest --config has no such bound' })
}
