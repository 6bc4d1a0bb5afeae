import type { Inbound, Mark } from '../kernel/contracts.ts'
import type { CloudEvent } from '../kernel/event.ts'
import type { Reading } from '../kernel/reading.ts'
import { createLineWriter } from './line-writer.ts'
import type { BatchMessage } from './protocol.ts'
import { flagBad, flagJoined, flagNotFinite, flagTsGiven } from './row.ts'

export type DiskCallback = (error: Error | null) => void

export interface ClosedBatch {
  readonly message: BatchMessage
  readonly callbacks: readonly DiskCallback[]
  /** Payload bytes it stands for, and what it takes in memory. */
  readonly payloadBytes: number
  readonly urgent: boolean
}

/** The batch that is open: takes entries in the form the worker stores them. */
export interface BatchBuilder {
  appendReading(reading: Reading, payloadBytes: number, joined?: boolean): number
  appendEvent(event: CloudEvent): number
  appendMark(mark: Mark): number
  noteInbound(inbound: Inbound): void
  change(space: string, key: string, value: string | Uint8Array | null): void
  onDisk(callback: DiskCallback): void
  markUrgent(): void
  isUrgent(): boolean
  /** Nothing to store (there may be callbacks). */
  isEmpty(): boolean
  hasCallbacks(): boolean
  payloadBytes(): number
  /** Bytes of the encoded entries and changes that wait. */
  pendingBytes(): number
  /** Gives the batch away and opens the next. */
  close(times: { wallMs: number; monotonicMs: number }): ClosedBatch
  /** Throws everything away; the next entry gets position `next`. Gives the callbacks that were waiting. */
  reset(next: number): readonly DiskCallback[]
}

const open = 91 // [
const shut = 93 // ]
const comma = 44
const newline = 10

export function createBatchBuilder(nextPosition: number): BatchBuilder {
  const readings = createLineWriter()
  const others = createLineWriter(4096)
  let first = nextPosition
  let next = nextPosition
  let baseMs = 0
  let minTs = Infinity
  let maxTs = -Infinity
  let eventCount = 0
  let markCount = 0
  let series = new Set<number>()
  let clients = new Map<string, number>()
  let inbound: number[] = []
  let changes = new Map<string, Map<string, string | Uint8Array | null>>()
  let changeBytes = 0
  let callbacks: DiskCallback[] = []
  let payload = 0
  let urgent = false

  function clear(): void {
    first = next
    baseMs = 0
    minTs = Infinity
    maxTs = -Infinity
    eventCount = 0
    markCount = 0
    if (series.size > 0) series = new Set()
    if (clients.size > 0) clients = new Map()
    inbound = []
    if (changes.size > 0) changes = new Map()
    changeBytes = 0
    callbacks = []
    payload = 0
    urgent = false
  }

  function appendOther(json: string, end: string): number {
    others.reserve(32)
    if (others.length() === 0) others.byte(open)
    else {
      others.byte(comma)
      others.byte(newline)
    }
    others.byte(open)
    others.integer(next - first)
    others.byte(comma)
    others.raw(json)
    others.raw(end)
    return next++
  }

  /** The members after the value, up to the last that is not its default. */
  function writeRest(reading: Reading, flags: number): void {
    const lag = reading.receivedAt - reading.ts
    const { seq, k, unit } = reading
    if (lag === 0 && flags === 0 && seq === undefined && k === 0 && unit === undefined) return
    readings.byte(comma)
    readings.integer(lag)
    if (flags === 0 && seq === undefined && k === 0 && unit === undefined) return
    readings.byte(comma)
    readings.integer(flags)
    if (seq === undefined && k === 0 && unit === undefined) return
    readings.byte(comma)
    if (seq === undefined) readings.raw('null')
    else readings.number(seq)
    if (k === 0 && unit === undefined) return
    readings.reserve(64)
    readings.byte(comma)
    readings.integer(k)
    if (unit === undefined) return
    readings.byte(comma)
    readings.raw(JSON.stringify(unit))
  }

  function take(writer: typeof readings): Uint8Array | null {
    if (writer.length() === 0) return null
    writer.reserve(1)
    writer.byte(shut)
    return writer.take()
  }

  return {
    appendReading(reading, payloadBytes, joined = false) {
      const { ts, value, series: of } = reading
      readings.reserve(192)
      if (readings.length() === 0) {
        baseMs = reading.receivedAt
        readings.byte(open)
      } else {
        readings.byte(comma)
        readings.byte(newline)
      }
      readings.byte(open)
      readings.integer(of.storedId)
      readings.byte(comma)
      readings.integer(ts - baseMs)
      readings.byte(comma)
      let flags = reading.tsGiven ? flagTsGiven : 0
      if (reading.quality === 'bad') flags |= flagBad
      if (joined) flags |= flagJoined
      if (typeof value === 'number') {
        if (Number.isFinite(value)) readings.number(value)
        else {
          flags |= flagNotFinite
          readings.raw(`"${value}"`)
        }
      } else {
        readings.raw(JSON.stringify(value))
        readings.reserve(160)
      }
      writeRest(reading, flags)
      readings.reserve(1)
      readings.byte(shut)
      if (ts < minTs) minTs = ts
      if (ts > maxTs) maxTs = ts
      series.add(of.storedId)
      payload += payloadBytes
      return next++
    },
    appendEvent(event) {
      const position = appendOther(JSON.stringify(event), ']')
      eventCount++
      return position
    },
    appendMark(mark) {
      const position = appendOther(JSON.stringify(mark), ',1]')
      markCount++
      return position
    },
    noteInbound({ clientId, messageId, hash }) {
      let index = clients.get(clientId)
      if (index === undefined) clients.set(clientId, (index = clients.size))
      inbound.push(index, messageId, hash)
    },
    change(space, key, value) {
      let of = changes.get(space)
      if (of === undefined) changes.set(space, (of = new Map()))
      of.set(key, value)
      changeBytes += key.length + (value?.length ?? 0)
    },
    onDisk(callback) {
      callbacks.push(callback)
    },
    markUrgent() {
      urgent = true
    },
    isUrgent: () => urgent,
    isEmpty: () => next === first && inbound.length === 0 && changes.size === 0,
    hasCallbacks: () => callbacks.length > 0,
    payloadBytes: () => payload,
    pendingBytes: () => readings.length() + others.length() + changeBytes + inbound.length * 8,
    close({ wallMs, monotonicMs }) {
      const readingCount = next - first - eventCount - markCount
      const flat: (string | Uint8Array | null)[] = []
      for (const [space, of] of changes) for (const [key, value] of of) flat.push(space, key, value)
      const message: BatchMessage = {
        kind: 'commit',
        first,
        last: next - 1,
        wallMs,
        monotonicMs,
        baseMs,
        minTs: readingCount === 0 ? 0 : minTs,
        maxTs: readingCount === 0 ? -1 : maxTs,
        readingCount,
        eventCount,
        markCount,
        readings: take(readings),
        others: take(others),
        series: [...series].sort((a, b) => a - b),
        inboundClients: [...clients.keys()],
        inbound: inbound.length === 0 ? null : Float64Array.from(inbound),
        changes: flat,
      }
      const closed: ClosedBatch = { message, callbacks, payloadBytes: payload, urgent }
      clear()
      return closed
    },
    reset(position) {
      const waiting = callbacks
      readings.take()
      others.take()
      next = position
      clear()
      return waiting
    },
  }
}
