import { onTestFinished } from 'vitest'
import type { InfluxOptions, InfluxTuning } from '../../gateway/influx/options.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import type { FakeClock } from './fake-clock.ts'
import { createFakeClock } from './fake-clock.ts'
import type { SinkBench } from './influx-bench.ts'
import { createSinkBench } from './influx-bench.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'
import type { ScriptedInflux } from './scripted-influx.ts'
import { startScriptedInflux } from './scripted-influx.ts'

export interface InfluxScene {
  readonly server: ScriptedInflux
  readonly clock: FakeClock
  /** The one in use: another after `crash`. */
  readonly store: () => MemoryStore
  /** A sink, started. It is stopped when the test ends. */
  readonly start: (set?: { version?: 1 | 2; tuning?: Partial<InfluxTuning>; random?: () => number }) => Promise<SinkBench>
  /** kill -9: the sink is gone, and of the store what was committed stays. */
  readonly crash: (bench: SinkBench) => Promise<void>
  /** Lets `stepMs` pass again and again until it is so. */
  readonly pass: (what: string, so: () => boolean, stepMs?: number) => Promise<void>
}

/** A scripted InfluxDB, a store in memory and a clock that stands still. */
export async function influxScene(): Promise<InfluxScene> {
  const server = await startScriptedInflux()
  const clock = createFakeClock()
  let store = createMemoryStore({ clock })
  onTestFinished(() => server.close())
  return {
    server,
    clock,
    store: () => store,
    async start({ version = 2, ...set } = {}) {
      const bench = createSinkBench(store, clock, { options: optionsOf(version, server.url), ...set })
      onTestFinished(async () => {
        const stopped = bench.sink.stop()
        await clock.advance(3_000)
        await stopped
      })
      await bench.sink.start()
      return bench
    },
    async crash({ sink }) {
      const crashed = store.crash()
      const stopped = sink.stop()
      await clock.advance(3_000)
      await stopped
      store = crashed
    },
    async pass(what, so, stepMs = 500) {
      const end = performance.now() + 20_000
      while (!so()) {
        if (performance.now() > end) throw new Error(`waited for: ${what}`)
        await clock.advance(stepMs)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
  }
}

function optionsOf(version: 1 | 2, url: string): InfluxOptions {
  return version === 1
    ? { version, url, database: 'limen', username: 'w', password: createSecret('p'), measurement: 'reading' }
    : { version, url, org: 'o', bucket: 'b', token: createSecret('t'), measurement: 'reading' }
}
