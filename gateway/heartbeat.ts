import type { StoreReader, StoreRecovery, StoreWriter, Times } from './kernel/contracts.ts'

const key = 'heartbeat'

/** One small row a second while anything runs on up-time: a state row alone makes no row of the log, and the times of a commit are those of its row of the log. */
export function writeHeartbeat(store: StoreWriter, times: Times): void {
  store.put('meta', key, JSON.stringify(times))
}

/** When the process before this one last lived, as far as is known: its last commit to the log or its last heartbeat. Null: there was none. */
export async function readLastAlive(store: Pick<StoreReader, 'get'> & Pick<StoreRecovery, 'lastAlive'>): Promise<Times | null> {
  const row = await store.get('meta', key)
  const beat = row === undefined ? null : (JSON.parse(String(row)) as Times)
  const last = store.lastAlive()
  const commit = last === null ? null : { at: last.monotonicMs, wallMs: last.wallMs }
  return beat !== null && (commit === null || beat.at > commit.at) ? beat : commit
}
