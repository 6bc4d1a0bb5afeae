import UPlot from 'uplot'
import type { Options } from 'uplot'
import { unitText } from '../parts/format.ts'
import { clockWords } from './axis-time.ts'
import { heightRange, isCrossed } from './limits.ts'
import type { Limit } from './limits.ts'
import type { Columns, Kind } from './series.ts'

export interface Mark { readonly at: number; readonly label: string }

export interface PlotView {
  readonly from: number
  readonly to: number
  readonly columns: Columns
  readonly kind: Kind
  readonly unit: string | null
  readonly limits: readonly Limit[]
  readonly marks: readonly Mark[]
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

interface Theme { readonly line: string; readonly band: string; readonly text: string; readonly muted: string; readonly grid: string; readonly panel: string; readonly high: string; readonly medium: string; readonly low: string; readonly technical: string }

const font = '12px system-ui, sans-serif'
const labelFont = (ratio: number): string => `${12 * ratio}px system-ui, sans-serif`

export interface PlotOptions {
  readonly width: number
  readonly height: number
  readonly kind: Kind
  /** Index of the column under the cursor; null: it is not in the chart. */
  readonly onCursor: (index: number | null) => void
}

/** The canvas: uPlot draws axes, lines and bands; limits, marks and bad points are drawn over it. Colours are the page's. */
export function createPlot(element: HTMLElement, { width, height, kind, onCursor }: PlotOptions): Plot {
  let theme = readTheme(element)
  let view: PlotView | undefined
  const paths = kind === 'switch' ? UPlot.paths.stepped!({ align: 1 }) : UPlot.paths.linear!()
  const hidden = { paths, points: { show: false }, width: 0 } as const
  const options: Options = {
    width,
    height,
    ms: 1,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false, range: () => (view === undefined ? [0, 1] : [view.from, view.to]) },
      y: { range: () => (view === undefined ? [0, 1] : kind === 'switch' ? [-0.15, 1.15] : [...heightRange(view.columns.extent, view.limits)]) },
    },
    series: [
      {},
      { paths, width: 1.5, stroke: () => theme.line, points: { show: false } },
      { ...hidden, stroke: () => theme.band },
      { ...hidden, stroke: () => theme.band },
      { paths: () => null, points: { show: true, size: 4, width: 0, space: 0, fill: () => theme.line }, stroke: () => theme.line },
    ],
    bands: [{ series: [3, 2], fill: () => theme.band }],
    axes: [
      { font, size: 28, space: 70, stroke: () => theme.muted, grid: { stroke: () => theme.grid, width: 1 }, ticks: { show: false }, splits: timeSplits, values: (_plot, splits) => clockWords.labels(splits) },
      {
        font, size: (_plot, values) => 14 + 7 * Math.max(3, ...(values ?? []).map((text) => text.length)), stroke: () => theme.muted, grid: { stroke: () => theme.grid, width: 1 }, ticks: { show: false },
        ...(kind === 'switch' ? { splits: () => [0, 1], values: () => ['off', 'on'] } : { space: 34, values: (_plot, splits) => (view?.columns.extent === undefined && !view?.limits.length ? splits.map(() => '') : axisNumbers(splits, view.unit)) }),
      },
    ],
    hooks: {
      draw: [(plot) => view !== undefined && overlay(plot, view, theme)],
      setCursor: [(plot) => onCursor((plot.cursor.left ?? -1) < 0 ? null : (plot.cursor.idx ?? null))],
    },
  }
  const plot = new UPlot(options, [[], [], [], [], []], element)

  const dark = matchMedia('(prefers-color-scheme: dark)')
  const retheme = (): void => {
    theme = readTheme(element)
    plot.redraw(false)
  }
  dark.addEventListener('change', retheme)

  return {
    draw(next) {
      view = next
      plot.setData(next.columns.data, true)
    },
    resize: (size) => plot.setSize(size),
    step(by) {
      const x = plot.data[0] as number[]
      if (by === undefined || x.length === 0) return plot.setCursor({ left: -10, top: -10 })
      const at = (plot.cursor.left ?? -1) < 0 ? x.length : (plot.cursor.idx ?? x.length)
      const to = Math.min(x.length - 1, Math.max(0, at + by))
      plot.setCursor({ left: plot.valToPos(x[to]!, 'x'), top: 10 })
    },
    destroy() {
      dark.removeEventListener('change', retheme)
      plot.destroy()
    },
  }
}

// eslint-disable-next-line max-params -- uPlot's
function timeSplits(plot: UPlot, _axis: number, min: number, max: number): number[] {
  return clockWords.splits({ min, max, most: Math.max(2, Math.floor(plot.width / 90)) })
}

function readTheme(element: HTMLElement): Theme {
  const style = getComputedStyle(element)
  const read = (name: string): string => style.getPropertyValue(name).trim()
  return { line: read('--chart-line'), band: read('--chart-band'), text: read('--text'), muted: read('--muted'), grid: read('--line'), panel: read('--panel'), high: read('--high'), medium: read('--medium'), low: read('--low'), technical: read('--technical') }
}

/** The unit stands at the topmost number. */
function axisNumbers(splits: readonly (number | null)[], unit: string | null | undefined): string[] {
  const shown = unitText(unit)
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0))
  const digits = Math.min(6, String(Number(step.toPrecision(4))).split('.')[1]?.length ?? 0)
  return splits.map((split, index) => (split === null ? '' : `${split.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}${index === splits.length - 1 && shown !== '' ? ` ${shown}` : ''}`))
}

function overlay(plot: UPlot, view: PlotView, theme: Theme): void {
  const { ctx, bbox } = plot
  const ratio = UPlot.pxRatio
  const right = bbox.left + bbox.width
  ctx.save()
  ctx.font = labelFont(ratio)
  ctx.lineWidth = ratio
  ctx.beginPath()
  ctx.rect(bbox.left, 0, bbox.width, plot.height * ratio)
  ctx.clip()
  drawBad({ plot, view, theme })
  const taken: number[] = []
  for (const limit of view.limits) {
    const y = plot.valToPos(limit.value, 'y', true)
    if (!(y >= bbox.top - 1 && y <= bbox.top + bbox.height + 1)) continue
    const crossed = isCrossed(limit, view.last)
    ctx.strokeStyle = crossed ? theme[limit.priority ?? 'high'] : theme.muted
    ctx.lineWidth = (crossed ? 2 : 1) * ratio
    line(ctx, [bbox.left, y, right, y], [6 * ratio, 4 * ratio])
    // Above its line, or below it where another label stands there already.
    const above = y - 4 * ratio
    const place = y - 16 * ratio < bbox.top || taken.some((other) => Math.abs(other - above) < 13 * ratio) ? y + 13 * ratio : above
    taken.push(place)
    label({ ctx, theme, text: limit.label, x: right - 4 * ratio, y: place, align: 'right', colour: crossed ? theme[limit.priority ?? 'high'] : theme.muted, bold: crossed })
  }
  /** How far to the right the labels of each row reach. */
  const rows: number[] = []
  for (const { at, label: text } of view.marks) {
    if (at < view.from || at > view.to) continue
    const x = plot.valToPos(at, 'x', true)
    ctx.strokeStyle = theme.text
    ctx.lineWidth = ratio
    line(ctx, [x, bbox.top, x, bbox.top + bbox.height], [2 * ratio, 3 * ratio])
    ctx.font = labelFont(ratio)
    const width = ctx.measureText(text).width + 8 * ratio
    const left = x + width > right
    // One below another where they would overlap; marks come in the order of time.
    const begin = left ? x - width : x
    const free = rows.findIndex((end) => end <= begin)
    const row = free === -1 ? rows.length : free
    rows[row] = begin + width
    label({ ctx, theme, text, x: x + (left ? -4 : 4) * ratio, y: bbox.top + (12 + 14 * row) * ratio, align: left ? 'right' : 'left', colour: theme.text, bold: false })
  }
  ctx.restore()
}

/** A cross where it was; at the foot where it had no height. */
function drawBad({ plot, view, theme }: { plot: UPlot; view: PlotView; theme: Theme }): void {
  const { ctx, bbox } = plot
  const arm = 3.5 * UPlot.pxRatio
  ctx.strokeStyle = theme.technical
  ctx.lineWidth = 1.5 * UPlot.pxRatio
  ctx.beginPath()
  for (const { ts, y: height } of view.columns.bad) {
    if (ts < view.from || ts > view.to) continue
    const x = plot.valToPos(ts, 'x', true)
    const y = height === null ? bbox.top + bbox.height - 2 * arm : plot.valToPos(height, 'y', true)
    ctx.moveTo(x - arm, y - arm)
    ctx.lineTo(x + arm, y + arm)
    ctx.moveTo(x + arm, y - arm)
    ctx.lineTo(x - arm, y + arm)
  }
  ctx.stroke()
}

function line(ctx: CanvasRenderingContext2D, [x1, y1, x2, y2]: readonly [number, number, number, number], dash: number[]): void {
  ctx.setLineDash(dash)
  ctx.beginPath()
  ctx.moveTo(x1, y1)
  ctx.lineTo(x2, y2)
  ctx.stroke()
  ctx.setLineDash([])
}

function label({ ctx, theme, text, x, y, align, colour, bold }: { ctx: CanvasRenderingContext2D; theme: Theme; text: string; x: number; y: number; align: CanvasTextAlign; colour: string; bold: boolean }): void {
  const ratio = UPlot.pxRatio
  ctx.font = `${bold ? '600 ' : ''}${labelFont(ratio)}`
  ctx.textAlign = align
  ctx.textBaseline = 'alphabetic'
  // A rim of the ground keeps it legible over lines.
  ctx.lineJoin = 'round'
  ctx.lineWidth = 4 * ratio
  ctx.strokeStyle = theme.panel
  ctx.strokeText(text, x, y)
  ctx.fillStyle = colour
  ctx.fillText(text, x, y)
}
