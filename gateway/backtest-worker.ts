/** Thread of backtest-desk.ts: reads the rules, runs them over the log, posts what became of it, ends. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { devicesAt } from './backtest-known.ts'
import type { TrialJob } from './backtest-trial.ts'
import { runTrial } from './backtest-trial.ts'
import type { TrialOutcome } from './kernel/backtest.ts'
import { createConfiguredDevices } from './kernel/configured-devices.ts'
import { openLogFile } from './store/log-file.ts'

/** After the threads that take in, evaluate and store. Linux has a priority per thread, and this is the only way to its number. */
function stepBack(): void {
  try {
    setPriority(Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))![0]), 10)
  } catch {
    // Elsewhere the thread has the priority of all.
  }
}

function answer(job: TrialJob): TrialOutcome {
  const log = openLogFile(job.dataDir)
  try {
    const configured = createConfiguredDevices(job.site.devices)
    return runTrial(job, { log, configured, devices: devicesAt(log, Infinity, configured), now: () => performance.now() })
  } finally {
    log.close()
  }
}

stepBack()
const outcome = answer(workerData as TrialJob)
parentPort?.postMessage(outcome, outcome.ok ? [outcome.json.buffer as ArrayBuffer] : [])
