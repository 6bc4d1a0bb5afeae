import type { Answer, Job } from './jobs.ts'
import { pace } from './pace.ts'
import { saturate } from './saturate.ts'

/** The load generator's process: takes jobs from its parent, one at a time, and answers each. */
process.on('message', (job: Job) => {
  const running = job.kind === 'saturate' ? saturate(job) : pace(job)
  running.then(
    (result) => answer({ ok: true, result }),
    (error: unknown) => answer({ ok: false, error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))

function answer(message: Answer): void {
  process.send?.(message)
}
