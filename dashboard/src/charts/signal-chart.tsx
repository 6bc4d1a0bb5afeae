import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import '../style/charts.css'
import { connection } from '../data/state.ts'
import { ErrorState } from '../parts/empty.tsx'
import { absolute, duration, timeOfDay } from '../parts/format.ts'
import { describe, pointText } from './describe.ts'
import { createFeed } from './feed.ts'
import type { Feed, FeedState, GivenReadings } from './feed.ts'
import type { Limit } from './limits.ts'
import { createPlot } from './plot.ts'
import type { Mark, Plot, Span } from './plot.ts'
import { columnsOf, gapOf, segmentsOf } from './series.ts'
import type { Columns } from './series.ts'
import { StateBand } from './state-band.tsx'

export interface SignalChartProps {
  readonly device: string
  readonly metric: string
  /** ms of the gateway's clock. */
  readonly from: number
  readonly to: number
  readonly limits?: readonly Limit[]
  readonly marks?: readonly Mark[]
  /** In the order of time. */
  readonly spans?: readonly Span[]
  /** The window moves on with the clock; its length is to − from. */
  readonly live?: boolean
  readonly height?: number
  /** Readings that are known; without, they are asked for. */
  readonly given?: GivenReadings
}

const none: readonly never[] = []
const shortestDrawMs = 250
const describeEveryMs = 1_000
const dayMs = 86_400_000

/** One signal over a stretch of time, with its limits and what happened. */
export function SignalChart(props: SignalChartProps) {
  const { device, metric, from, to, live = false } = props
  // Whole milliseconds: a difference of two times is off by less than one now and then, and would begin the chart anew.
  return <Chart key={`${device}/${metric}/${Math.round(to - from)}/${live ? 'live' : Math.round(from)}`} {...props} />
}

function Chart(props: SignalChartProps) {
  const { device, metric, from, to, limits = none, marks = none, spans = none, live = false, height = 180, given } = props
  const spanMs = to - from
  const failure = useSignal<string | null>(null)
  const loaded = useSignal<{ readonly feed: Feed; readonly state: FeedState } | null>(null)
  const again = useSignal(0)
  // Away and back: what came in between is read.
  const away = connection.value.state === 'away'

  useEffect(() => {
    if (away) return undefined
    const abort = new AbortController()
    const own = createFeed({ device, metric, from, to, live, given })
    failure.value = null
    own.load(abort.signal).then(
      () => (loaded.value = { feed: own, state: own.state()! }),
      (thrown: unknown) => {
        if (!abort.signal.aborted) failure.value = thrown instanceof Error ? thrown.message : String(thrown)
      },
    )
    return () => {
      abort.abort()
      own.stop()
    }
  }, [again.value, away])

  const { feed, state } = loaded.value ?? {}
  return (
    <figure class="chart" data-device={device} data-metric={metric} data-state={failure.value !== null ? 'error' : state === undefined ? 'loading' : state.points.length === 0 ? 'empty' : 'ready'}>
      {failure.value !== null ? <ErrorState title={`${metric} could not be read`} detail={failure.value} onRetry={() => void again.value++} />
        : state === undefined || feed === undefined ? <div class="chart-wait" role="status" style={{ minHeight: `${height}px` }}>Reading {metric} …</div>
          : state.kind === 'text' ? <WordChart feed={feed} {...{ device, metric, spanMs }} />
            : <LineChart key={state.kind} feed={feed} kind={state.kind} {...{ device, metric, spanMs, limits, marks, spans, height }} />}
    </figure>
  )
}

interface Shown { readonly feed: Feed; readonly device: string; readonly metric: string; readonly spanMs: number }

/** Calls `draw` when there is something new or the window has moved by a pixel, at most four times a second, and only while it can be seen. */
function useDrawing(element: { readonly current: HTMLElement | null }, { spanMs, feed }: Shown, draw: () => void): void {
  const latest = useRef(draw)
  latest.current = draw
  useEffect(() => {
    let seen = true
    let drawn = -1
    let drawnAt = 0
    const observer = new IntersectionObserver(([entry]) => (seen = entry?.isIntersecting === true), { rootMargin: '100px' })
    observer.observe(element.current!)
    const tick = (): void => {
      if (!seen || document.visibilityState === 'hidden') return
      const moved = feed.window().to - drawnAt >= Math.max(shortestDrawMs, spanMs / Math.max(100, element.current?.clientWidth ?? 0))
      // A step of time that fills up changes by less than a pixel.
      if (!moved && (feed.version() === drawn || spanMs > 3_600_000)) return
      drawn = feed.version()
      drawnAt = feed.window().to
      latest.current()
    }
    const timer = setInterval(tick, shortestDrawMs)
    return () => {
      clearInterval(timer)
      observer.disconnect()
    }
  }, [feed, spanMs])
}

function LineChart({ kind, limits, marks, spans, height, ...shown }: Shown & { kind: 'number' | 'switch'; limits: readonly Limit[]; marks: readonly Mark[]; spans: readonly Span[]; height: number }) {
  const { feed, device, metric, spanMs } = shown
  const frame = useRef<HTMLDivElement>(null)
  const readout = useRef<HTMLParagraphElement>(null)
  const plot = useRef<Plot | null>(null)
  const columns = useRef<Columns | null>(null)
  const cursor = useRef<number | null>(null)
  const describedAt = useRef(-Infinity)

  function say(): void {
    const state = feed.state()
    if (state === undefined || readout.current === null) return
    const at = cursor.current === null ? undefined : columns.current?.data[0][cursor.current]
    // A column of a gap lies one ms after the point before it.
    const point = at === undefined ? state.points.at(-1) : state.points.findLast(({ ts }) => ts <= at)
    if (point === undefined) return void (readout.current.textContent = `${metric}: no readings in ${duration(spanMs)}`)
    const began = spanMs > dayMs / 2 ? absolute(point.ts) : timeOfDay(point.ts)
    const time = state.stepMs === undefined ? began : `${duration(state.stepMs)} from ${began}`
    const band = state.kind === 'number' && point.low !== undefined && point.low !== point.high ? ` (${pointText({ ...point, y: point.low }, { kind, unit: null })} to ${pointText({ ...point, y: point.high! }, { kind, unit: null })})` : ''
    readout.current.textContent = `${at === undefined ? 'last ' : ''}${pointText(point, state)}${band}${point.bad ? ', bad quality' : ''} · ${time}`
  }

  function draw(): void {
    const state = feed.state()
    if (state === undefined || plot.current === null) return
    const { from, to } = feed.window()
    columns.current = columnsOf(state.points, gapOf(state.points, state.stepMs))
    plot.current.draw({ from, to, columns: columns.current, kind, unit: state.unit, limits: kind === 'number' ? limits : none, marks, spans, last: state.points.at(-1)?.y ?? null })
    // Read when somebody asks for it: it need not be of this very quarter of a second.
    if (performance.now() - describedAt.current >= describeEveryMs) {
      describedAt.current = performance.now()
      frame.current?.setAttribute('aria-label', describe({ device, metric, spanMs, points: state.points, kind, unit: state.unit, limits, spans }))
    }
    say()
  }

  useEffect(() => {
    const element = frame.current!
    const observer = new ResizeObserver(() => plot.current?.resize({ width: element.clientWidth, height }))
    plot.current = createPlot(element, { width: Math.max(1, element.clientWidth), height, kind, onCursor: (index) => { cursor.current = index; say() } })
    observer.observe(element)
    draw()
    return () => {
      observer.disconnect()
      plot.current?.destroy()
      plot.current = null
    }
  }, [feed, kind, height])
  useEffect(() => {
    describedAt.current = -Infinity
    draw()
  }, [limits, marks, spans])
  useDrawing(frame, shown, draw)

  const keys = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : undefined
    if (by === undefined && event.key !== 'Escape') return
    event.preventDefault()
    plot.current?.step(by)
  }
  const cutAt = feed.state()?.cutAt
  return (
    <>
      <p class="chart-readout number" ref={readout} aria-hidden="true" />
      <div class="chart-frame" ref={frame} role="img" aria-label={`${metric} of ${device}`} tabIndex={0} onKeyDown={keys} onBlur={() => plot.current?.step(undefined)} style={{ height: `${height}px` }} />
      {cutAt !== undefined && <p class="muted">There are too many readings to draw: from {absolute(cutAt)} on.</p>}
    </>
  )
}

function WordChart(shown: Shown) {
  const { feed, device, metric, spanMs } = shown
  const frame = useRef<HTMLDivElement>(null)
  const drawn = useSignal(0)
  useDrawing(frame, shown, () => void drawn.value++)
  void drawn.value
  const { points, stepMs, kind, unit, cutAt } = feed.state()!
  const window = feed.window()
  const segments = segmentsOf(points, { gapMs: gapOf(points, stepMs), to: window.to })
  return (
    <div ref={frame}>
      {segments.length === 0 ? <p class="muted">{metric}: no readings in {duration(spanMs)}</p>
        : <StateBand segments={segments} {...window} label={describe({ device, metric, spanMs, points, kind, unit, limits: none })} />}
      {cutAt !== undefined && <p class="muted">There are too many readings to draw: from {absolute(cutAt)} on.</p>}
    </div>
  )
}
