import type { DeviceFacts } from '../../gateway/kernel/contracts.ts'
import type { Reading, Series, Value } from '../../gateway/kernel/reading.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { RuleRevision } from '../../gateway/kernel/rule-desk.ts'
import type { StageMark } from '../../gateway/stage-marks.ts'
import { createBatchBuilder } from '../../gateway/store/batch.ts'
import { defaultTuning, openForWriting } from '../../gateway/store/database.ts'
import { createLogWriter } from '../../gateway/store/log-writer.ts'
import { createRetention } from '../../gateway/store/retention.ts'
import { tempDir } from './temp-dir.ts'

type WithoutTimes<M> = M extends unknown ? Omit<M, 'at' | 'wallMs'> : never

/** A data directory whose log a test writes itself, second by second. Monotonic time begins with 0 at `startMs`. */
export interface WrittenLog {
  readonly dir: string
  /** Wall time of a second. */
  wall(s: number): number
  mark(s: number, mark: WithoutTimes<StageMark>): void
  /** A device that is new, in the log and in the registry. */
  device(s: number, id: string, facts?: Partial<DeviceFacts>): void
  /** One message. */
  message(s: number, device: string, values: Readonly<Record<string, Value>>, given?: { readonly ts?: number; readonly unit?: string }): void
  /** An application event. */
  heard(s: number, type: string, data: unknown): void
  /** Commits what was written since, at this second. */
  commit(s: number): void
  /** As the rules that run tell of themselves: the whole set, or one that is new. */
  rules(s: number, rules: readonly Rule[], how?: { readonly whole: boolean }): void
  revision(id: string, revision: Pick<RuleRevision, 'revision' | 'rule'> & { readonly s: number }): void
  /** Retention takes the readings and marks committed before this second. */
  thin(s: number): void
  close(): void
}

export const logStartMs = Date.UTC(2026, 10, 25, 8)

export function writeLog({ rowsPerSpan = defaultTuning.rowsPerSpan }: { rowsPerSpan?: number } = {}): WrittenLog {
  const dir = tempDir()
  const db = openForWriting(dir, defaultTuning)
  const writer = createLogWriter(db, { ...defaultTuning, rowsPerSpan })
  const builder = createBatchBuilder(1)
  const series = new Map<string, Series>()
  const wall = (s: number): number => logStartMs + s * 1_000

  function seriesOf(device: string, metric: string): Series {
    const name = `${device}/${metric}`
    let one = series.get(name)
    if (one === undefined) {
      one = { id: series.size, device, metric, storedId: series.size + 1 }
      series.set(name, one)
      builder.change('series', String(one.storedId), JSON.stringify({ device, metric, labels: {} }))
    }
    return one
  }

  const mark: WrittenLog['mark'] = (s, of) => void builder.appendMark({ ...of, at: s * 1_000, wallMs: wall(s) } as never)

  return {
    dir,
    wall,
    mark,
    device(s, id, facts = {}) {
      const whole = { type: null, labels: {}, settings: {}, ...facts }
      mark(s, { kind: 'device', device: id, facts: whole })
      builder.change('device', id, JSON.stringify({ ...whole, status: 'unknown', firstSeen: wall(s), lastSeen: wall(s) }))
    },
    message(s, device, values, given = {}) {
      let joined = false
      for (const [metric, value] of Object.entries(values)) {
        const reading: Reading = { series: seriesOf(device, metric), value, quality: 'good', unit: given.unit, ts: given.ts ?? wall(s), tsGiven: given.ts !== undefined, seq: undefined, receivedAt: wall(s), k: 0 }
        builder.appendReading(reading, 60, joined)
        joined = true
      }
    },
    heard(s, type, data) {
      mark(s, { kind: 'heard' })
      builder.appendEvent({ specversion: '1.0', id: `e${s}`, source: 'test', type, time: new Date(wall(s)).toISOString(), data })
    },
    commit: (s) => void writer.write(builder.close({ wallMs: wall(s), monotonicMs: s * 1_000 }).message),
    rules: (s, rules, { whole } = { whole: true }) => mark(s, { kind: 'rules', whole, put: rules, removed: [] }),
    revision(id, { s, ...revision }) {
      builder.change('rule-version', `${id}\0${String(9_999_999_999 - revision.revision).padStart(10, '0')}`, JSON.stringify({ ...revision, text: 'x', version: 'v', conditionVersion: 'c', action: 'put', origin: 'http', by: 'ann', at: new Date(wall(s)).toISOString(), format: 2 }))
    },
    thin(s) {
      const retention = createRetention({ db, usedBytes: () => 0, nowMs: () => 0 })
      for (let more = true; more; ) ({ more } = retention.step({ kind: 'retain', olderThanMs: wall(s), maxSizeBytes: Infinity, floor: Infinity }))
    },
    close: () => db.close(),
  }
}
