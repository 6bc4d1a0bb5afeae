import type { Value } from '../../../gateway/kernel/reading.ts'
import { ApiProblem, ask } from '../data/api.ts'
import type { Page } from '../data/api.ts'
import type { Kind, Point } from './series.ts'
import { kindOfAll, merge, pointOf, shortestStep, stepFor } from './series.ts'

export interface HistoryQuery {
  readonly device: string
  readonly metric: string
  /** ms of the gateway's clock: [from, to). */
  readonly from: number
  readonly to: number
  /** What its last value makes of it; the readings themselves may say otherwise. */
  readonly kind: Kind
  readonly signal?: AbortSignal
}

export interface History {
  readonly points: readonly Point[]
  readonly kind: Kind
  readonly unit: string | null
  /** One point stands for so much time; undefined: for a reading. */
  readonly stepMs: number | undefined
  /** Begins later than asked, as there are too many readings; undefined: it does not. */
  readonly cutAt: number | undefined
}

export interface HistoryDeps {
  readonly ask: <T>(path: string, options?: { signal?: AbortSignal }) => Promise<T>
  readonly wait: (ms: number) => Promise<void>
}

interface RawItem { readonly ts: number; readonly value: Value; readonly quality: string; readonly unit: string | null }
interface StepItem { readonly ts: number; readonly value: number | null; readonly min: number; readonly max: number; readonly count: number }

const pageSize = 5_000
const mostPages = 4
export const mostPoints = pageSize * mostPages
const mostTries = 12

const real: HistoryDeps = { ask, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }

/** The readings of one series between two times: each of them where they are few, else what steps of time come to. */
export async function readHistory(query: HistoryQuery, deps: HistoryDeps = real): Promise<History> {
  const stepMs = stepFor(query.to - query.from)
  // Words cannot be averaged.
  if (query.kind === 'text') return readWords(query, deps)
  if (stepMs !== undefined) return readSteps(query, stepMs, deps)
  const raw = await readRaw(query, query.from, deps)
  if (raw.whole) return raw.history
  return raw.history.kind === 'text' ? readWords(query, deps) : readSteps(query, shortestStep(query.to - query.from), deps)
}

async function readRaw({ device, metric, to, signal, kind }: HistoryQuery, from: number, deps: HistoryDeps): Promise<{ history: History; whole: boolean }> {
  const items: RawItem[] = []
  let next: string | null = null
  let pages = 0
  do {
    const after: string = next === null ? '' : `&after=${next}`
    const page: Page<RawItem> = await patiently<Page<RawItem>>(`readings?${ofSeries(device, metric)}&from=${Math.floor(from)}&to=${Math.ceil(to)}&limit=${pageSize}${after}`, { deps, signal })
    items.push(...page.items)
    next = page.next
  } while (next !== null && ++pages < mostPages)
  const points = merge([], items.map(pointOf), { from: -Infinity, most: mostPoints })
  const history = { points, kind: kindOfAll(items.map(({ value }) => value)) ?? kind, unit: items.findLast(({ unit }) => unit !== null)?.unit ?? null, stepMs: undefined, cutAt: undefined }
  return { history, whole: next === null }
}

/** The newest that can be read: where there are too many, of so much less time as they are too dense. */
async function readWords(query: HistoryQuery, deps: HistoryDeps): Promise<History> {
  const { to } = query
  let { from } = query
  for (let tries = 0; ; tries++) {
    const { history, whole } = await readRaw(query, from, deps)
    if (whole || tries === 3) return from === query.from ? history : { ...history, cutAt: from }
    const first = history.points[0]?.ts ?? from
    const covered = Math.max(1, (history.points.at(-1)?.ts ?? to) - first)
    from = Math.max(from + 1, to - covered * 0.8)
  }
}

// The gateway condenses for two at once, whoever asks: a page full of charts takes turns.
let turn: Promise<unknown> = Promise.resolve()

async function readSteps(query: HistoryQuery, stepMs: number, deps: HistoryDeps): Promise<History> {
  const before = turn
  const mine = before.then(() => condensed(query, stepMs, deps))
  turn = mine.catch(() => {})
  return mine
}

async function condensed({ device, metric, from, to, signal, kind }: HistoryQuery, stepMs: number, deps: HistoryDeps): Promise<History> {
  // Whole steps only, but for the last, which is still under way.
  const start = Math.floor(from / stepMs) * stepMs
  const fn = kind === 'switch' ? 'last' : 'avg'
  const { items } = await patiently<Page<StepItem>>(`readings?${ofSeries(device, metric)}&from=${start}&to=${Math.ceil(to)}&step=${stepMs}ms&fn=${fn}`, { deps, signal })
  const points = items.map(({ ts, value, min, max, count }) => ({ ts, y: value, bad: false, low: min, high: max, count }))
  return { points, kind: kind === 'text' ? 'number' : kind, unit: null, stepMs, cutAt: undefined }
}

function ofSeries(device: string, metric: string): string {
  return `device=${encodeURIComponent(device)}&metric=${encodeURIComponent(metric)}`
}

/** 503 says "in a moment"; other answers are answers. */
async function patiently<T>(path: string, { deps, signal }: { deps: HistoryDeps; signal: AbortSignal | undefined }): Promise<T> {
  for (let tries = 0; ; tries++) {
    signal?.throwIfAborted()
    try {
      return await deps.ask<T>(path, signal === undefined ? {} : { signal })
    } catch (thrown) {
      if (!(thrown instanceof ApiProblem) || thrown.status !== 503 || tries >= mostTries) throw thrown
    }
    await deps.wait(Math.min(2_000, 150 * 2 ** tries))
  }
}
