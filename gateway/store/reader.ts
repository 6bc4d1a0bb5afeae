import { Worker } from 'node:worker_threads'
import type { Cancel, Clock } from '../kernel/clock.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { ReadAnswers, ReadEnvelope, ReadReply, ReadRequest } from './protocol.ts'
import type { ReadWorkerData } from './read-worker.ts'
import { workerUrl } from './worker-url.ts'

/** Asks the reader's thread; starts it when somebody asks and ends it when nobody has for a while. */
export interface Reader {
  ask<K extends ReadRequest['kind']>(request: Extract<ReadRequest, { kind: K }>): Promise<ReadAnswers[K]>
  damagedRows(): number
  /** Is there a thread now? */
  isRunning(): boolean
  stop(): Promise<void>
}

export interface ReaderDeps {
  readonly clock: Clock
  readonly logger: Logger
}

/** A thread costs some 12 MB, and 25 ms to start: worth keeping for a burst of questions, no longer. */
const idleMs = 2_000

interface Waiting { resolve(answer: never): void; reject(error: Error): void }

export function createReader(directory: string, { clock, logger }: ReaderDeps): Reader {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | null = null
  let cancelIdle: Cancel | null = null
  let nextId = 1
  let damaged = 0
  const damagedIds = new Set<number>()
  let stopped = false

  function settle(reply: ReadReply): void {
    const one = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (waiting.size === 0) rest()
    if (!reply.ok) {
      one?.reject(new LimenError('STORE_FAILED', `The store could not be read: ${reply.message} (${reply.code}).`))
      return
    }
    reportDamage(reply.damagedRows)
    one?.resolve(reply.answer as never)
  }

  function reportDamage(rows: readonly number[]): void {
    const fresh = rows.filter((id) => !damagedIds.has(id))
    if (fresh.length === 0) return
    for (const id of fresh) if (damagedIds.size < 10_000) damagedIds.add(id)
    damaged += fresh.length
    logger.error({ rows: fresh.slice(0, 20), damagedRows: damaged }, 'the log holds damaged rows; they are passed over')
  }

  function fail(ended: Worker, error: Error): void {
    if (worker !== ended) return
    worker = null
    const failed = [...waiting.values()]
    waiting.clear()
    for (const one of failed) one.reject(new LimenError('STORE_FAILED', "The store's reader ended.", { cause: error }))
    if (failed.length > 0) logger.error({ error: error.message }, "the store's reader ended; it starts again with the next question")
  }

  function start(): Worker {
    const data: ReadWorkerData = { directory }
    const started = new Worker(workerUrl('read-worker'), { workerData: data })
    started.on('message', settle)
    started.on('error', (error: unknown) => fail(started, error instanceof Error ? error : new Error(String(error))))
    started.on('exit', (code) => fail(started, new Error(`exit code ${code}`)))
    return started
  }

  /** Nobody waits: the thread keeps no process alive, and ends after a while. */
  function rest(): void {
    worker?.unref()
    cancelIdle?.()
    cancelIdle = clock.after(idleMs, () => void end())
  }

  async function end(): Promise<void> {
    cancelIdle?.()
    cancelIdle = null
    const ending = worker
    worker = null
    await ending?.terminate()
  }

  return {
    ask(request) {
      if (stopped) return Promise.reject(new LimenError('STORE_CLOSED', 'The store has been stopped.'))
      cancelIdle?.()
      cancelIdle = null
      worker ??= start()
      worker.ref()
      const envelope: ReadEnvelope = { id: nextId++, request }
      return new Promise((resolve, reject) => {
        waiting.set(envelope.id, { resolve, reject })
        worker!.postMessage(envelope)
      })
    },
    damagedRows: () => damaged,
    isRunning: () => worker !== null,
    async stop() {
      stopped = true
      const left = [...waiting.values()]
      waiting.clear()
      for (const one of left) one.reject(new LimenError('STORE_CLOSED', 'The store has been stopped.'))
      await end()
    },
  }
}
