/** The thread that reads the database for everybody who is not satisfied by memory. One slice of work a message, so that nobody waits long. */
import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseSync } from 'node:sqlite'
import { openForReading } from './database.ts'
import { createEventsBack } from './events-back.ts'
import { createEventsOn } from './events-on.ts'
import { createLogScan } from './log-scan.ts'
import { packList } from './packed-list.ts'
import type { PackedList, ReadAnswers, ReadEnvelope, ReadReply, ReadRequest } from './protocol.ts'
import { createReadingsBack } from './readings-back.ts'
import { getState, listState } from './state-reads.ts'

export interface ReadWorkerData { readonly directory: string }

function createAnswerer(db: DatabaseSync): (request: ReadRequest) => { answer: ReadAnswers[keyof ReadAnswers]; damagedRows: readonly number[] } {
  const scan = createLogScan(db, () => performance.now())
  const deps = { rows: scan.rows, nowMs: () => performance.now() }
  const eventsBack = createEventsBack(db, deps)
  const eventsOn = createEventsOn(db, deps)
  const readingsBack = createReadingsBack(db, deps)
  const get = getState(db)
  const list = listState(db)

  function answer(request: ReadRequest): ReadAnswers[keyof ReadAnswers] {
    switch (request.kind) {
      case 'get':
        return get(request.space, request.key)
      case 'list':
        return packList(list(request))
      case 'page':
        return scan.page(request)
      case 'events-back':
        return eventsBack.page(request)
      case 'events-on':
        return eventsOn.page(request)
      case 'readings':
        return scan.readings(request)
      case 'readings-back':
        return readingsBack.page(request)
      case 'recent-start':
        return scan.recentStart(request)
      case 'recent':
        return scan.recent(request)
      default:
        return request satisfies never
    }
  }

  return (request) => ({ answer: answer(request), damagedRows: scan.takeDamaged() })
}

const port = parentPort
if (port !== null) {
  const answerer = createAnswerer(openForReading((workerData as ReadWorkerData).directory))
  port.on('message', ({ id, request }: ReadEnvelope) => {
    let reply: ReadReply
    try {
      reply = { id, ok: true, ...answerer(request) }
    } catch (error) {
      reply = { id, ok: false, code: `SQLITE ${(error as { errcode?: number }).errcode ?? 'unknown'}`, message: error instanceof Error ? error.message : String(error) }
    }
    port.postMessage(reply, reply.ok && request.kind === 'list' ? [(reply.answer as PackedList).blobs.buffer] : [])
  })
}
