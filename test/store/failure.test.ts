import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startCommitThread } from '../../gateway/store/commit-thread.ts'
import { defaultTuning, openForReading, proveWritable } from '../../gateway/store/database.ts'
import { createStore } from '../../gateway/store/store.ts'
import { eventOf, putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { tempDir } from '../support/temp-dir.ts'
import { openStore } from './open-store.ts'

const noise = (bytes: number): string => Array.from({ length: bytes / 8 }, () => Math.random().toString(36).slice(2, 10)).join('')

describe('a store that cannot write', () => {
  it('undoes a full batch and what came after it, says so, and takes writes again when there is room', async () => {
    const directory = tempDir()
    const store = await openStore({ directory, tuning: { maxFileBytes: 256 * 1024 } })
    store.appendEvent(eventOf('before'))
    await stored(store)
    const told: [string, string | undefined][] = []
    const tell = (name: string) => (error: Error | null): void => void told.push([name, (error as { code?: string } | null)?.code])
    store.put('s', 'large', noise(512 * 1024))
    expect(store.appendEvent(eventOf('with the large one'))).toBe(2)
    store.onDisk(tell('large'))
    store.urgent()
    // In the next batch, while the first is on its way.
    await new Promise((resolve) => setImmediate(resolve))
    expect(store.appendEvent(eventOf('after it'))).toBe(3)
    store.onDisk(tell('after'))
    await expect.poll(() => told.length).toBe(2)
    expect(told).toEqual([['large', 'STORE_FULL'], ['after', 'STORE_FULL']])
    expect(store.health()).toMatchObject({ writable: false, reason: expect.stringContaining('full') })
    expect(store.lastPosition()).toBe(1)
    expect(await store.get('s', 'large')).toBeUndefined()

    expect(store.appendEvent(eventOf('small'))).toBe(2)
    await stored(store)
    expect(store.health().writable).toBe(true)
    expect((await store.read({ after: 0, limit: 9 })).entries.map((entry) => entry.kind === 'event' && entry.event.id)).toEqual(['before', 'small'])
  })

  it('waits between two tries on a full disk', async () => {
    const store = await openStore({ directory: tempDir(), tuning: { maxFileBytes: 64 * 1024 } })
    const began = performance.now()
    for (let i = 0; i < 2; i++) {
      store.put('s', 'large', noise(256 * 1024))
      store.urgent()
      await expect(stored(store)).rejects.toMatchObject({ code: 'STORE_FULL' })
    }
    expect(performance.now() - began).toBeGreaterThan(400)
  })

  it('never tries again after an I/O error: the process is told to end', async () => {
    // RLIMIT_FSIZE makes write() fail with EFBIG, which to SQLite is an I/O error like any other.
    const child = spawn('sh', ['-c', `ulimit -f 400; exec "${process.execPath}" --disable-warning=ExperimentalWarning "${join(import.meta.dirname, 'io-error-writer.ts')}" "${tempDir()}"`], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    const [code] = (await once(child, 'close')) as [number]
    expect(out).toMatch(/^(?:stored\n)+refused STORE_FAILED\nfatal STORE_FAILED writable=false\n$/)
    expect(code).toBe(70)
  })

  it('notices that its writer died', async () => {
    const died = Promise.withResolvers<Error>()
    const thread = startCommitThread({ directory: tempDir(), tuning: defaultTuning }, { committed() {}, retained() {}, trouble() {}, died: died.resolve })
    expect(await thread.ready).toMatchObject({ lastPosition: 0, lastAlive: null })
    // No message of ours: the thread throws.
    thread.post(null as never)
    expect(await died.promise).toMatchObject({ code: 'STORE_FAILED' })
    await thread.stop()
  })

  it('refuses a second gateway on its directory, and frees it when it stops', async () => {
    const directory = tempDir()
    const first = await openStore({ directory })
    const second = createStore({ directory }, { onFatal: () => undefined })
    await expect(second.start()).rejects.toMatchObject({ code: 'STORE_LOCKED', remedy: expect.stringContaining('--data') })
    await second.stop()
    first.appendEvent(eventOf('still mine'))
    await stored(first)
    await first.stop()
    const third = await openStore({ directory })
    expect(third.lastPosition()).toBe(1)
  })

  it('refuses a directory of an unknown version, and one it may not write, with the remedy', async () => {
    const directory = tempDir()
    await (await openStore({ directory })).stop()
    const db = new DatabaseSync(join(directory, 'limen.db'))
    db.exec(`UPDATE state SET value = '99' WHERE space = 'meta' AND key = 'schema'`)
    db.close()
    const newer = createStore({ directory }, { onFatal: () => undefined })
    await expect(newer.start()).rejects.toMatchObject({ code: 'STORE_FAILED', remedy: expect.stringContaining('version') })
    const file = join(directory, 'file')
    writeFileSync(file, '')
    const nowhere = createStore({ directory: join(file, 'data') }, { onFatal: () => undefined })
    await expect(nowhere.start()).rejects.toMatchObject({ code: 'STORE_FAILED', remedy: expect.stringMatching(/director/) })
  })

  it('finds out at the start, not with the first reading, that it may not write', async () => {
    const directory = tempDir()
    await (await openStore({ directory })).stop()
    const db = openForReading(directory)
    onTestFinished(() => db.close())
    expect(() => proveWritable(db)).toThrow('attempt to write a readonly database')
    expect(db.isTransaction).toBe(false)
  })

  it('refuses what is no database', async () => {
    const directory = tempDir()
    writeFileSync(join(directory, 'limen.db'), noise(4096))
    const store = createStore({ directory }, { onFatal: () => undefined })
    await expect(store.start()).rejects.toMatchObject({ code: 'STORE_FAILED', remedy: expect.stringContaining('backup') })
  })

  it('keeps calling back when one callback throws', async () => {
    const store = await openStore({ directory: tempDir() })
    putSeries(store, seriesOf(1))
    store.onDisk(() => { throw new Error('mine') })
    store.appendReading(readingOf(seriesOf(1), 1), 1)
    await stored(store)
    expect(store.lastPosition()).toBe(1)
  })
})
