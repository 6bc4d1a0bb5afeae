import type { Value } from '../../../gateway/kernel/reading.ts'

/** What a metric is drawn as: a line, steps between off and on, or a band of words. */
export type Kind = 'number' | 'switch' | 'text'

/** One reading, or one step of time where `count` is given. */
export interface Point {
  readonly ts: number
  /** Null: says nothing that can be drawn as a height (missing, text). */
  readonly y: number | null
  readonly bad: boolean
  readonly text?: string
  readonly low?: number
  readonly high?: number
  readonly count?: number
}

const switchWords: Readonly<Record<string, number>> = { on: 1, off: 0, true: 1, false: 0 }

export function kindOf(value: Value | undefined): Kind {
  if (typeof value === 'boolean') return 'switch'
  if (typeof value !== 'string') return 'number'
  return switchWords[value.toLowerCase()] === undefined ? 'text' : 'switch'
}

/** The kind that suits all of these; one word that is neither on nor off makes it text. */
export function kindOfAll(values: Iterable<Value>): Kind | undefined {
  let kind: Kind | undefined
  for (const value of values) {
    if (value === null) continue
    const own = kindOf(value)
    if (own === 'text') return 'text'
    kind = kind === undefined || kind === own ? own : 'number'
  }
  return kind
}

export function pointOf({ ts, value, quality }: { readonly ts: number; readonly value: Value; readonly quality: string }): Point {
  const text = typeof value === 'string' ? value : typeof value === 'boolean' ? (value ? 'on' : 'off') : undefined
  return { ts, y: heightOf(value), bad: quality !== 'good', ...(text === undefined ? {} : { text }) }
}

function heightOf(value: Value): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean') return Number(value)
  return value === null ? null : (switchWords[value.toLowerCase()] ?? null)
}

const longestRawMs = 20 * 60_000
const mostSteps = 360
const s = 1_000
const min = 60 * s
const h = 60 * min
const stepsMs = [s, 2 * s, 5 * s, 10 * s, 15 * s, 30 * s, min, 2 * min, 5 * min, 10 * min, 15 * min, 30 * min, h, 2 * h, 6 * h, 12 * h, 24 * h]

/** undefined: every reading is drawn; else the stretch of time one point stands for. */
export function stepFor(spanMs: number): number | undefined {
  return spanMs <= longestRawMs ? undefined : shortestStep(spanMs)
}

/** The shortest round step that makes no more points of it than a chart is wide. */
export function shortestStep(spanMs: number): number {
  return stepsMs.find((step) => spanMs / step <= mostSteps) ?? Math.ceil(spanMs / mostSteps / (24 * h)) * 24 * h
}

const shortestGapMs = 10_000

/** Two points farther apart than this are not joined. */
export function gapOf(points: readonly Point[], stepMs: number | undefined): number {
  const distances: number[] = []
  for (let index = Math.max(1, points.length - 2_000); index < points.length; index++) distances.push(points[index]!.ts - points[index - 1]!.ts)
  distances.sort((a, b) => a - b)
  const median = distances[Math.floor(distances.length / 2)] ?? 0
  if (stepMs === undefined) return Math.max(3 * median, shortestGapMs)
  // Three intervals here, too: of a series slower than the steps they are what lies between, else what a step has counted.
  const counted = points.reduce((sum, { count = 1 }) => sum + count, 0)
  const interval = median > 1.5 * stepMs ? median : (stepMs * points.length) / Math.max(1, counted)
  return Math.max(1.5 * stepMs, 3 * interval)
}

type Column = (number | null)[]

export interface Columns {
  /** time, line, low, high, points that nothing joins. */
  readonly data: [x: number[], line: Column, low: Column, high: Column, lone: Column]
  /** Of bad quality: marked, not joined; y null: it had no height. */
  readonly bad: readonly { readonly ts: number; readonly y: number | null }[]
  /** Of all that is drawn; undefined: nothing is. */
  readonly extent: { readonly min: number; readonly max: number } | undefined
}

/** Lays points out in columns: gaps and bad points become nulls, a point between two nulls stands alone. */
export function columnsOf(points: readonly Point[], gapMs: number): Columns {
  const data: Columns['data'] = [[], [], [], [], []]
  const [x, line, low, high, lone] = data
  const bad: { ts: number; y: number | null }[] = []
  let smallest = Infinity
  let largest = -Infinity
  let before: Point | undefined
  for (const point of points) {
    if (before !== undefined && point.ts - before.ts > gapMs) {
      x.push(before.ts + 1)
      for (const column of [line, low, high, lone]) column.push(null)
    }
    const y = point.bad ? null : point.y
    if (point.bad) bad.push({ ts: point.ts, y: point.y })
    x.push(point.ts)
    line.push(y)
    low.push(y === null ? null : (point.low ?? null))
    high.push(y === null ? null : (point.high ?? null))
    lone.push(null)
    if (point.y !== null) {
      smallest = Math.min(smallest, point.low ?? point.y)
      largest = Math.max(largest, point.high ?? point.y)
    }
    before = point
  }
  for (let index = 0; index < line.length; index++) {
    if (line[index] !== null && (line[index - 1] ?? null) === null && (line[index + 1] ?? null) === null) lone[index] = line[index]!
  }
  return { data, bad, extent: smallest <= largest ? { min: smallest, max: largest } : undefined }
}

export interface Bounds {
  /** What is older goes, but for one point before it, from which the line comes in. */
  readonly from: number
  /** The newest so many stay. */
  readonly most: number
}

/** Puts what is new in its place by time; at the same time the newer word counts. `points` and the result rise by time. */
export function merge(points: readonly Point[], fresh: readonly Point[], bounds: Bounds): readonly Point[] {
  if (fresh.length === 0) return trim(points, bounds)
  const last = points.at(-1)
  const sorted = [...fresh].sort((a, b) => a.ts - b.ts)
  const all = last === undefined || sorted[0]!.ts > last.ts ? [...points, ...sorted] : [...points, ...sorted].sort((a, b) => a.ts - b.ts)
  return trim(all.filter((point, index) => all[index + 1]?.ts !== point.ts), bounds)
}

/** Counts what is new into its step of time: into the mean, or for a switch as the last word. A bad or missing value says nothing there, as in the gateway's own steps. */
export function fold(points: readonly Point[], fresh: readonly Point[], { stepMs, kind, ...bounds }: Bounds & { stepMs: number; kind: Kind }): readonly Point[] {
  const steps: Point[] = [...points]
  for (const { ts, y, bad } of fresh) {
    if (bad || y === null) continue
    const start = Math.floor(ts / stepMs) * stepMs
    let index = steps.length
    while (index > 0 && steps[index - 1]!.ts > start) index--
    const step = steps[index - 1]
    if (step?.ts === start && step.y !== null) {
      const count = (step.count ?? 1) + 1
      steps[index - 1] = { ts: start, y: kind === 'switch' ? y : step.y + (y - step.y) / count, bad: false, low: Math.min(step.low ?? step.y, y), high: Math.max(step.high ?? step.y, y), count }
    } else steps.splice(index, 0, { ts: start, y, bad: false, low: y, high: y, count: 1 })
  }
  return trim(steps, bounds)
}

function trim(points: readonly Point[], { from, most }: Bounds): readonly Point[] {
  let start = Math.max(0, points.length - most)
  while (start + 1 < points.length && points[start + 1]!.ts < from) start++
  return start === 0 ? points : points.slice(start)
}

export interface Segment { readonly from: number; readonly to: number; readonly text: string; readonly bad: boolean }

/** Stretches of the same word, for a band of states; nothing where nothing was heard. The last one lasts until `to` at most. */
export function segmentsOf(points: readonly Point[], { gapMs, to }: { gapMs: number; to: number }): readonly Segment[] {
  const segments: Segment[] = []
  for (const [index, point] of points.entries()) {
    if (point.text === undefined && point.y === null) continue
    const text = point.text ?? String(point.y)
    const next = points[index + 1]?.ts ?? to
    const end = Math.max(point.ts, next - point.ts > gapMs ? point.ts + gapMs / 3 : next)
    const last = segments.at(-1)
    if (last !== undefined && last.text === text && last.bad === point.bad && last.to === point.ts) segments[segments.length - 1] = { ...last, to: end }
    else segments.push({ from: point.ts, to: end, text, bad: point.bad })
  }
  return segments
}
