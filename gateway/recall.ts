import type { Ingest } from './ingest/ingest.ts'
import type { PostedEvents } from './ingest/posted.ts'
import type { Inbound, StoreReader, StoreRecovery } from './kernel/contracts.ts'
import type { StoredReading } from './kernel/reading.ts'

/** How far back a start reads the log to know duplicates again (trust.md, "Once, though sent twice"). */
const maxReadings = 500_000
const sinceMs = 600_000
/** Notes of messages without an identity of their own; the oldest are forgotten first. */
const maxInbound = 500_000

/** The newest readings of the log, batch by batch, oldest first. `each` is told of every one; what was noted of messages beside them is added to `inbound`, the newest of it last. */
export async function* recallReadings(
  store: StoreRecovery,
  { nowMs, inbound, each = () => {} }: { readonly nowMs: number; readonly inbound: Inbound[]; readonly each?: (reading: StoredReading) => void },
): AsyncIterable<readonly StoredReading[]> {
  for await (const batch of store.recent({ maxReadings, sinceWallMs: nowMs - sinceMs })) {
    // One by one: a batch of a long commit holds more than a call takes arguments.
    for (const note of batch.inbound) inbound.push(note)
    if (inbound.length > 2 * maxInbound) inbound.splice(0, inbound.length - maxInbound)
    for (const reading of batch.readings) each(reading)
    yield batch.readings
  }
}

interface Inputs {
  readonly ingest: Pick<Ingest, 'restore'>
  readonly posted: Pick<PostedEvents, 'restore'>
  readonly devices: { recall(reading: StoredReading): void }
  readonly nowMs: number
}

/** What tells an input that came before from a new one, and what devices said last. Gives what was noted of messages. */
export async function recallInputs(store: StoreReader & StoreRecovery, { ingest, posted, devices, nowMs }: Inputs): Promise<readonly Inbound[]> {
  const inbound: Inbound[] = []
  await ingest.restore(store, recallReadings(store, { nowMs, inbound, each: (reading) => devices.recall(reading) }))
  posted.restore(inbound, nowMs)
  return inbound
}
