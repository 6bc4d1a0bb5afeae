import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Answer, Job, PaceJob, PaceResult, Result, SaturateJob, SaturateResult } from './generator/jobs.ts'

/** The load generator in its own process. */
export interface Driver {
  saturate(job: Omit<SaturateJob, 'kind'>): Promise<SaturateResult>
  pace(job: Omit<PaceJob, 'kind' | 'settleSeconds' | 'warmUpSeconds'> & Partial<Pick<PaceJob, 'settleSeconds' | 'warmUpSeconds'>>): Promise<PaceResult>
  stop(): Promise<void>
}

export function createDriver(): Driver {
  const child = fork(join(import.meta.dirname, 'generator/main.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))

  function run(job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      const left = (code: number | null): void => reject(new Error(`the generator ended (${code})`))
      child.once('exit', left)
      child.once('message', (answer: Answer) => {
        child.off('exit', left)
        if (answer.ok) resolve(answer.result)
        else reject(new Error(`the generator could not do its job: ${answer.error}`))
      })
      child.send(job)
    })
  }

  return {
    saturate: async (job) => expectKind(await run({ kind: 'saturate', ...job }), 'saturate'),
    pace: async (job) => expectKind(await run({ kind: 'pace', settleSeconds: 15, warmUpSeconds: 0, ...job }), 'pace'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await gone
    },
  }
}

function expectKind<K extends Result['kind']>(result: Result, kind: K): Extract<Result, { kind: K }> {
  if (result.kind !== kind) throw new Error(`the generator answered ${result.kind}, not ${kind}`)
  return result as Extract<Result, { kind: K }>
}
