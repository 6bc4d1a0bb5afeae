/**
 * Writes into a store as fast as it can until somebody kills it; told by kill.test.ts which directory.
 * Keeps its own list of what was acknowledged, synced before the next is awaited.
 */
import { appendFileSync, fsyncSync, openSync } from 'node:fs'
import { createStore } from '../../gateway/store/store.ts'

const [directory, ledger] = process.argv.slice(2) as [string, string]
const store = createStore({ directory, commitWindowMs: 5, tuning: { walBytes: 64 * 1024, rowsPerSpan: 8 } }, { onFatal: () => process.exit(70) })
await store.start()
const file = openSync(ledger, 'a')
const series = { id: 0, device: 'd', metric: 'm', storedId: 1 }
let acknowledged: number[] = []
let told = false

function acknowledge(): void {
  if (acknowledged.length === 0) return
  appendFileSync(file, `${acknowledged.join('\n')}\n`)
  fsyncSync(file)
  acknowledged = []
  if (!told) process.stdout.write('writing\n')
  told = true
}

function step(): void {
  store.put('series', '1', JSON.stringify({ device: 'd', metric: 'm', labels: {} }))
  for (let i = 0; i < 20; i++) {
    const position = append(i)
    store.put('counter', 'last', String(position))
    store.onDisk((error) => {
      if (error === null) acknowledged.push(position)
    })
  }
  if (Math.random() < 0.3) store.urgent()
  acknowledge()
  setImmediate(step)
}

/** Every reading carries its own position as its value, so that the reader can tell one taken twice. */
let next = store.lastPosition() + 1
function append(i: number): number {
  const position = i % 10 === 9 ? store.appendMark({ kind: 'tick', value: next }) : store.appendReading({ series, value: next, quality: 'good', unit: undefined, ts: next, tsGiven: false, seq: next, receivedAt: next, k: 0 }, 60)
  if (position !== next) process.exit(71)
  next++
  return position
}

step()
