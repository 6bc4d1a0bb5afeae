import { numberLabels, numberSplits } from './axis-number.ts'
import { clockWords } from './axis-time.ts'
import type { Area, Mark, Span } from './draw.ts'
import { drawBad, drawCurve, drawGrid, drawLimits, drawMarks, drawSpans, font, readTheme } from './draw.ts'
import { heightRange } from './limits.ts'
import type { Limit } from './limits.ts'
import type { Columns, Kind } from './series.ts'

export type { Mark, Span }

export interface PlotView {
  readonly from: number
  readonly to: number
  readonly columns: Columns
  readonly kind: Kind
  readonly unit: string | null
  readonly limits: readonly Limit[]
  readonly marks: readonly Mark[]
  readonly spans: readonly Span[]
  /** Of the last reading, by which a limit counts as crossed. */
  readonly last: number | null
}

export interface Plot {
  draw(view: PlotView): void
  resize(size: { width: number; height: number }): void
  /** Moves the cursor by so many points; undefined: takes it away. */
  step(by: number | undefined): void
  destroy(): void
}

export interface PlotOptions {
  readonly width: number
  readonly height: number
  readonly kind: Kind
  /** Index of the column under the cursor; null: it is not in the chart. */
  readonly onCursor: (index: number | null) => void
}

const padTop = 10
const padRight = 8
const axisHeight = 28

/** One canvas: axes, band and line, limits, marks and bad points, in the page's colours; and a cursor over it. */
export function createPlot(element: HTMLElement, { width, height, kind, onCursor }: PlotOptions): Plot {
  const canvas = element.appendChild(document.createElement('canvas'))
  const cursor = element.appendChild(document.createElement('div'))
  cursor.className = 'chart-cursor'
  let theme = readTheme(element)
  let view: PlotView | undefined
  let area: Area | undefined
  /** Where the cursor is, in pixels of the page; the time under it moves on. */
  let cursorX: number | null = null
  let cursorIndex: number | null = null

  function draw(): void {
    if (view === undefined) return
    // It changes when a window goes to another screen.
    const ratio = devicePixelRatio
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
    const ctx = canvas.getContext('2d')!
    ctx.scale(ratio, ratio)
    const { from, to, columns, limits, marks, spans, unit, last } = view
    const isSwitch = kind === 'switch'
    const [min, max] = isSwitch ? [-0.15, 1.15] : heightRange(columns.extent, limits)
    const bottom = height - axisHeight
    const heights = isSwitch ? [0, 1] : numberSplits({ min, max, most: (bottom - padTop) / 34 })
    const heightLabels = isSwitch ? ['off', 'on'] : columns.extent === undefined && limits.length === 0 ? [] : numberLabels(heights, unit)
    ctx.font = font
    const left = Math.ceil(Math.max(30, ...heightLabels.map((text) => ctx.measureText(text).width + 12)))
    const right = width - padRight
    const times = clockWords.splits({ min: from, max: to, most: Math.max(2, Math.floor(width / 90)) })
    area = {
      ctx, theme, left, right, top: padTop, bottom,
      x: (at) => left + ((at - from) / (to - from)) * (right - left),
      y: (value) => bottom - ((value - min) / (max - min)) * (bottom - padTop),
    }
    drawGrid(area, { times, timeLabels: clockWords.labels(times), heights, heightLabels })
    ctx.beginPath()
    ctx.rect(left, 0, right - left, height)
    ctx.clip()
    drawSpans(area, spans)
    drawCurve(area, columns, isSwitch)
    drawBad(area, columns.bad)
    drawLimits(area, limits, last)
    drawMarks(area, marks)
    place(cursorX)
  }

  function place(at: number | null): void {
    const times = view?.columns.data[0] ?? []
    cursorX = area === undefined || at === null || at < area.left || at > area.right || times.length === 0 ? null : at
    cursor.style.display = cursorX === null ? 'none' : 'block'
    cursor.style.left = `${cursorX}px`
    cursorIndex = cursorX === null ? null : nearest(times, (index) => area!.x(times[index]!), cursorX)
    onCursor(cursorIndex)
  }

  const point = ({ clientX }: PointerEvent): void => place(clientX - canvas.getBoundingClientRect().left)
  const leave = (): void => place(null)
  element.addEventListener('pointermove', point)
  element.addEventListener('pointerdown', point)
  element.addEventListener('pointerleave', leave)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const retheme = (): void => {
    theme = readTheme(element)
    draw()
  }
  dark.addEventListener('change', retheme)

  return {
    draw(next) {
      view = next
      draw()
    },
    resize(size) {
      ({ width, height } = size)
      draw()
    },
    step(by) {
      const times = view?.columns.data[0] ?? []
      if (by === undefined || area === undefined || times.length === 0) return place(null)
      const to = Math.min(times.length - 1, Math.max(0, (cursorIndex ?? times.length) + by))
      place(Math.min(area.right, Math.max(area.left, area.x(times[to]!))))
    },
    destroy() {
      dark.removeEventListener('change', retheme)
      element.removeEventListener('pointermove', point)
      element.removeEventListener('pointerdown', point)
      element.removeEventListener('pointerleave', leave)
      canvas.remove()
      cursor.remove()
    },
  }
}

/** Index of the point that is nearest to a place; places rise. */
function nearest(times: readonly number[], placeOf: (index: number) => number, at: number): number {
  let [low, high] = [0, times.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (placeOf(middle) < at) low = middle
    else high = middle
  }
  return Math.abs(placeOf(low) - at) <= Math.abs(placeOf(high) - at) ? low : high
}
