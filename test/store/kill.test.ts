import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { LogEntry } from '../../gateway/kernel/contracts.ts'
import { createStore } from '../../gateway/store/store.ts'
import { tempDir } from '../support/temp-dir.ts'

async function everything(directory: string): Promise<{ entries: LogEntry[]; counter: unknown; last: number }> {
  const store = createStore({ directory }, { onFatal: (error) => { throw error } })
  await store.start()
  const entries: LogEntry[] = []
  for (let after = 0; ; ) {
    const page = await store.read({ after, limit: 10_000 })
    entries.push(...page.entries)
    if (page.next === after) break
    after = page.next
  }
  const result = { entries, counter: await store.get('counter', 'last'), last: store.lastPosition() }
  await store.stop()
  return result
}

it('holds everything it acknowledged, once, after ten kills under load', async () => {
  const directory = join(tempDir(), 'data')
  const ledger = `${directory}.ledger`
  const writer = join(import.meta.dirname, 'kill-writer.ts')
  for (let round = 0; round < 10; round++) {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', writer, directory, ledger], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exit = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), exit])
    await sleep(round * 23)
    expect(child.exitCode).toBeNull()
    child.kill('SIGKILL')
    await exit
    if (round % 3 !== 0) continue
    const { entries, counter, last } = await everything(directory)
    expect(entries.map((entry) => entry.position)).toEqual(Array.from({ length: last }, (_, i) => i + 1))
    const carried = entries.map((entry) => (entry.kind === 'reading' ? entry.reading.value : entry.kind === 'mark' ? entry.mark['value'] : null))
    expect(carried).toEqual(entries.map((entry) => entry.position))
    // A batch is on disk as a whole: the log and the state tell the same.
    expect(Number(counter)).toBe(last)
    const acknowledged = readFileSync(ledger, 'utf8').split('\n').slice(0, -1).map(Number)
    expect(acknowledged.length).toBeGreaterThan(round)
    expect(Math.max(...acknowledged.slice(-1000))).toBeLessThanOrEqual(last)
    expect(new Set(acknowledged).size).toBe(acknowledged.length)
  }
})
