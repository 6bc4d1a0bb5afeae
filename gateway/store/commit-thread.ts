import { Worker } from 'node:worker_threads'
import type { ErrorCode } from '../kernel/errors.ts'
import { LimenError } from '../kernel/errors.ts'
import type { CommitWorkerData } from './commit-worker.ts'
import type { Failure, FromCommitWorker, ToCommitWorker } from './protocol.ts'
import { workerUrl } from './worker-url.ts'

export type Ready = Extract<FromCommitWorker, { kind: 'ready' }>
export type CommitAnswer = Extract<FromCommitWorker, { kind: 'committed' | 'not-committed' }>
export type RetainAnswer = Extract<FromCommitWorker, { kind: 'retained' | 'not-retained' }>

/** The main thread's end of the commit worker. Answers come in the order of the messages. */
export interface CommitThread {
  /** Resolves when the database is open and ours; rejects with STORE_LOCKED or STORE_FAILED. */
  readonly ready: Promise<Ready>
  post(message: ToCommitWorker): void
  /** Closes the database and ends the thread. */
  stop(): Promise<void>
}

export interface CommitThreadHandlers {
  committed(answer: CommitAnswer): void
  retained(answer: RetainAnswer): void
  trouble(failure: Failure): void
  /** The thread is gone though nobody stopped it. */
  died(error: Error): void
}

/** Room for short-lived objects of the thread: it makes few, and V8 would take 16 MB and more. */
const youngMb = 4

export function startCommitThread(data: CommitWorkerData, handlers: CommitThreadHandlers): CommitThread {
  const worker = new Worker(workerUrl('commit-worker'), { workerData: data, resourceLimits: { maxYoungGenerationSizeMb: youngMb } })
  const ready = Promise.withResolvers<Ready>()
  const ended = Promise.withResolvers<void>()
  let opened = false
  let stopping = false

  worker.on('message', (message: FromCommitWorker) => {
    switch (message.kind) {
      case 'ready':
        opened = true
        return ready.resolve(message)
      case 'refused':
        stopping = true
        return ready.reject(errorOf(message.failure))
      case 'committed':
      case 'not-committed':
        return handlers.committed(message)
      case 'retained':
      case 'not-retained':
        return handlers.retained(message)
      case 'trouble':
        return handlers.trouble(message.failure)
      case 'stopped':
        return undefined
    }
  })
  function gone(error: Error): void {
    ended.resolve()
    if (!opened) ready.reject(error)
    else if (!stopping) handlers.died(error)
    stopping = true
  }
  worker.on('error', (error: unknown) => gone(new LimenError('STORE_FAILED', "The store's writer failed.", { cause: error })))
  worker.on('exit', (code) => gone(new LimenError('STORE_FAILED', `The store's writer ended (exit code ${code}).`)))

  return {
    ready: ready.promise,
    post: (message) => worker.postMessage(message),
    stop() {
      if (!stopping) {
        stopping = true
        worker.postMessage({ kind: 'stop' } satisfies ToCommitWorker)
      }
      return ended.promise
    },
  }
}

const codes: Readonly<Record<Failure['kind'], ErrorCode>> = { full: 'STORE_FULL', failed: 'STORE_FAILED', fatal: 'STORE_FAILED', locked: 'STORE_LOCKED' }

export function errorOf({ kind, code, message, remedy }: Failure): LimenError {
  const detail = code.startsWith('SQLITE') ? `${message} (${code})` : message
  return new LimenError(codes[kind], detail, remedy === undefined ? {} : { remedy })
}
