import { execFileSync } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Reading } from '../gateway/kernel/reading.ts'
import type { CellView, SignalCondition } from '../gateway/rules/kind.ts'
import { normal } from '../gateway/rules/kind.ts'
import { kinds } from '../gateway/rules/kinds.ts'
import { readRules } from '../gateway/rules/load.ts'
import { kindSchemas } from '../gateway/rules/schemas.ts'
import { createWatermark, takeTime } from '../gateway/rules/watermark.ts'

/**
 * What windows take: 1,000 series with a reading a second each in a sliding window of an hour, 3.6 million samples, and one
 * series with 250 a second. Each in a process of its own. `node bench/windows.ts` prints a table and a line of JSON. Goal: ≤ 100 MB.
 */
interface Load { readonly seriesCount: number; readonly perSecond: number }
const loads: Readonly<Record<string, Load>> = { '1,000 series, 1/s': { seriesCount: 1_000, perSecond: 1 }, 'one series, 250/s': { seriesCount: 1, perSecond: 250 } }
const windowSeconds = 3_600
/** A small young generation, so that what a measurement throws away is not taken for what a window keeps. */
const flags = ['--max-semi-space-size=4']
const whens: Readonly<Record<string, string>> = {
  // What the process and what is not the windows' takes: a window of one second.
  base: 'aggregate: { fn: p95, window: { sliding: 1s }, gt: 1000 }',
  count: 'aggregate: { fn: count, window: { sliding: 1h }, gt: 1000000000 }', avg: 'aggregate: { fn: avg, window: { sliding: 1h }, gt: 1000 }',
  stddev: 'aggregate: { fn: stddev, window: { sliding: 1h }, gt: 1000 }', max: 'aggregate: { fn: max, window: { sliding: 1h }, gt: 1000 }',
  p95: 'aggregate: { fn: p95, window: { sliding: 1h }, gt: 1000 }', rate: 'rate: { gt: 1000, per: 1s, over: 1h }', flat: 'flat: { eps: 0.000001, span: 1h }',
}

interface Result { readonly name: string; readonly load: string; readonly megabytes: number; readonly rssMegabytes: number; readonly nsPerSample: number; readonly savedMegabytes: number }

function measure(name: string, load: string): Result {
  const { seriesCount, perSecond } = loads[load]!
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const rule = readRules(`- { id: r, on: { metric: m }, when: { ${whens[name]!} } }`, 'bench', { kinds: kindSchemas, targets: new Set() }).rules[0]!
  const condition = kinds.find((kind) => kind.name === rule.when.kind)!.compile(rule) as SignalCondition
  collect()
  const before = process.memoryUsage()
  const cells = Array.from({ length: seriesCount }, (_, id): CellView => ({ key: `device-${id}`, device: `device-${id}`, active: normal, deadline: Infinity, memory: condition.create(), watermark: createWatermark() }))
  const values = Array.from({ length: seriesCount }, () => 20)
  const start = 1_700_000_000_000
  const reading = { series: { id: 0, device: 'd', metric: 'm', storedId: 0 }, value: 0, quality: 'good', unit: undefined, ts: 0, tsGiven: true, seq: 0, receivedAt: 0, k: 0 } satisfies Reading
  let tick = 0
  let seed = 1
  function run(seconds: number): number {
    const began = performance.now()
    for (let i = 0; i < seconds * perSecond; i++, tick++) {
      for (const [id, cell] of cells.entries()) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
        // A series that wanders about, a quarter of its samples out of order.
        values[id] = values[id]! * 0.999 + 0.02 + (seed / 2 ** 32 - 0.5) / 4
        const at = (tick * 1_000) / perSecond
        const time = start + Math.floor(at) - (seed % 4 === 0 ? seed % 3_000 : 0)
        const sample = { ...reading, value: Math.round(values[id] * 100) / 100, ts: time }
        if (takeTime(cell.watermark!, time, at) && condition.judge(sample, cell, { at, wallMs: start + at, time }) > normal) throw new Error('the load was to raise nothing')
      }
    }
    return ((performance.now() - began) * 1e6) / (seconds * perSecond * seriesCount)
  }
  run(windowSeconds)
  // The window is full: from here on as many leave as come.
  const nsPerSample = run(windowSeconds / 6)
  for (let i = 0; i < 4; i++) collect()
  const after = process.memoryUsage()
  const taken = (memory: NodeJS.MemoryUsage): number => memory.heapUsed + memory.arrayBuffers
  let saved = 0
  for (const { memory } of cells) JSON.stringify(condition.save!(memory), (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) saved += value.byteLength
    return ArrayBuffer.isView(value) ? undefined : value
  })
  return { name, load, megabytes: (taken(after) - taken(before)) / 1e6, rssMegabytes: (after.rss - before.rss) / 1e6, nsPerSample: Math.round(nsPerSample), savedMegabytes: saved / 1e6 }
}

const [name, load] = process.argv.slice(2)
if (name !== undefined && load !== undefined) console.log(JSON.stringify(measure(name, load)))
else {
  const results = Object.keys(loads).flatMap((each) => Object.keys(whens).map((kind) => JSON.parse(execFileSync(process.execPath, [...flags, import.meta.filename, kind, each], { encoding: 'utf8', env: { ...process.env, MALLOC_ARENA_MAX: '2' } })) as Result))
  console.log('load                function  memory     RSS   saved   ns a sample (RSS above that of the base)')
  const mb = (value: number): string => `${value.toFixed(0)} MB`.padStart(7)
  const baseOf = (result: Result): number => results.find((each) => each.load === result.load && each.name === 'base')!.rssMegabytes
  for (const result of results) console.log(`${result.load.padEnd(20)}${result.name.padEnd(8)}${mb(result.megabytes)} ${mb(result.rssMegabytes - baseOf(result))} ${mb(result.savedMegabytes)} ${String(result.nsPerSample).padStart(10)}`)
  const most = Math.max(...results.map((result) => result.rssMegabytes - baseOf(result)))
  console.log(`at most ${most.toFixed(0)} MB of RSS (goal ≤ 100)`)
  console.log(JSON.stringify(results))
}
