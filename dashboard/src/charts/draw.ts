import type { Priority } from '../../../gateway/kernel/alarm.ts'
import { isCrossed } from './limits.ts'
import type { Limit } from './limits.ts'
import type { Columns } from './series.ts'

export interface Mark { readonly at: number; readonly label: string }

/** A stretch of time that stands out: shaded, and told by a bar with its word at the top. */
export interface Span { readonly from: number; readonly to: number; readonly priority: Priority; readonly label: string }

const names = { line: 'chart-line', band: 'chart-band', text: 'text', muted: 'muted', grid: 'line', panel: 'panel', high: 'high', medium: 'medium', low: 'low', technical: 'technical' } as const
/** The page's colours. */
export type Theme = Readonly<Record<keyof typeof names, string>>

export function readTheme(element: HTMLElement): Theme {
  const style = getComputedStyle(element)
  return Object.fromEntries(Object.entries(names).map(([name, property]) => [name, style.getPropertyValue(`--${property}`).trim()])) as Theme
}

export const font = '12px system-ui, sans-serif'

/** Where on the canvas the curve is, in pixels of the page. */
export interface Area {
  readonly ctx: CanvasRenderingContext2D
  readonly theme: Theme
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly x: (at: number) => number
  readonly y: (value: number) => number
}

export function drawGrid({ ctx, theme, left, top, right, bottom, x, y }: Area, { times, timeLabels, heights, heightLabels }: Readonly<{ times: readonly number[]; timeLabels: readonly string[]; heights: readonly number[]; heightLabels: readonly string[] }>): void {
  ctx.font = font
  ctx.lineWidth = 1
  ctx.strokeStyle = theme.grid
  ctx.fillStyle = theme.muted
  ctx.beginPath()
  // On the middle of a pixel a line is sharp.
  const sharp = (position: number): number => Math.round(position - 0.5) + 0.5
  ctx.textAlign = 'center'
  ctx.textBaseline = 'top'
  for (const [index, at] of times.entries()) {
    ctx.moveTo(sharp(x(at)), top)
    ctx.lineTo(sharp(x(at)), bottom)
    ctx.fillText(timeLabels[index]!, x(at), bottom + 8)
  }
  ctx.textAlign = 'right'
  ctx.textBaseline = 'middle'
  for (const [index, value] of heights.entries()) {
    ctx.moveTo(left, sharp(y(value)))
    ctx.lineTo(right, sharp(y(value)))
    ctx.fillText(heightLabels[index] ?? '', left - 7, y(value))
  }
  ctx.stroke()
}

/** The band from lowest to highest, and the line over it; `stepped`: each value stands until the next one. */
export function drawCurve(area: Area, { data: [times, line, low, high, lone] }: Columns, stepped: boolean): void {
  const { ctx, theme, x, y, left, right } = area
  // One point before and one after: the line comes in and goes out.
  let first = times.findIndex((at) => x(at) >= left)
  first = Math.max(0, (first === -1 ? times.length : first) - 1)
  let end = first
  while (end < times.length && (end === first || x(times[end - 1]!) <= right)) end++
  ctx.fillStyle = theme.band
  ctx.strokeStyle = theme.line
  ctx.lineWidth = 1.5
  ctx.lineJoin = 'round'
  for (let from = first; from < end; from++) {
    let to = from
    while (to < end && low[to] !== null) to++
    if (to === from) continue
    ctx.beginPath()
    for (let index = from; index < to; index++) ctx.lineTo(x(times[index]!), y(high[index]!))
    for (let index = to - 1; index >= from; index--) ctx.lineTo(x(times[index]!), y(low[index]!))
    ctx.fill()
    from = to
  }
  ctx.beginPath()
  let before: number | null = null
  // Of many points in one column of pixels the lowest, the highest and the last are drawn.
  let column = NaN
  let [top, foot] = [0, 0]
  const flush = (): void => {
    if (before === null || top === foot) return
    ctx.lineTo(column, top)
    ctx.lineTo(column, foot)
    ctx.lineTo(column, before)
  }
  for (let index = first; index < end; index++) {
    const value = line[index]!
    const height = value === null ? null : y(value)
    const at = x(times[index]!)
    if (height !== null && before !== null && !stepped && Math.round(at) === column) [top, foot] = [Math.min(top, height), Math.max(foot, height)]
    else {
      if (!stepped) flush()
      if (height !== null) {
        if (before === null) ctx.moveTo(at, height)
        else if (stepped) ctx.lineTo(at, before)
        ctx.lineTo(at, height)
        column = Math.round(at)
        top = foot = height
      }
    }
    before = height
  }
  if (!stepped) flush()
  ctx.stroke()
  ctx.fillStyle = theme.line
  for (let index = first; index < end; index++) {
    if (lone[index] !== null) ctx.fillRect(x(times[index]!) - 2, y(lone[index]!) - 2, 4, 4)
  }
}

/** Of bad quality: a cross where it was; at the foot where it had no height. */
export function drawBad({ ctx, theme, bottom, x, y }: Area, bad: Columns['bad']): void {
  const arm = 3.5
  ctx.strokeStyle = theme.technical
  ctx.lineWidth = 1.5
  ctx.beginPath()
  for (const { ts, y: height } of bad) {
    const [across, down] = [x(ts), height === null ? bottom - 2 * arm : y(height)]
    for (const way of [arm, -arm]) {
      ctx.moveTo(across - arm, down - way)
      ctx.lineTo(across + arm, down + way)
    }
  }
  ctx.stroke()
}

/** `last`: of the last reading, by which a limit counts as crossed. */
export function drawLimits({ ctx, theme, left, right, top, bottom, y: heightOf }: Area, limits: readonly Limit[], last: number | null): void {
  const taken: number[] = []
  for (const limit of limits) {
    const y = heightOf(limit.value)
    if (!(y >= top - 1 && y <= bottom + 1)) continue
    const crossed = isCrossed(limit, last)
    const colour = crossed ? theme[limit.priority ?? 'high'] : theme.muted
    ctx.strokeStyle = colour
    ctx.lineWidth = crossed ? 2 : 1
    dashed(ctx, [left, y, right, y], [6, 4])
    // Above its line, or below it or farther away where another label stands there already.
    const place = [y - 4, y + 13, y - 18, y + 27].find((at) => at >= top + 12 && !taken.some((other) => Math.abs(other - at) < 13)) ?? y - 4
    taken.push(place)
    label(ctx, { theme, text: limit.label, x: right - 4, y: place, align: 'right', colour, bold: crossed })
  }
}

export function drawMarks({ ctx, theme, left, right, top, bottom, x: placeOf }: Area, marks: readonly Mark[]): void {
  /** How far to the right the labels of each row reach. */
  const rows: number[] = []
  for (const { at, label: text } of marks) {
    const x = placeOf(at)
    if (x < left || x > right) continue
    ctx.strokeStyle = theme.text
    ctx.lineWidth = 1
    dashed(ctx, [x, top, x, bottom], [2, 3])
    ctx.font = font
    const width = ctx.measureText(text).width + 8
    const leftwards = x + width > right
    // One below another where they would overlap; marks come in the order of time.
    const begin = leftwards ? x - width : x
    const free = rows.findIndex((end) => end <= begin)
    const row = free === -1 ? rows.length : free
    rows[row] = begin + width
    label(ctx, { theme, text, x: x + (leftwards ? -4 : 4), y: top + 12 + 14 * row, align: leftwards ? 'right' : 'left', colour: theme.text, bold: false })
  }
}

const barHeight = 5

/** Ground and bar go under the curve. */
export function drawSpans({ ctx, theme, left, right, top, bottom, x }: Area, spans: readonly Span[]): void {
  let free = left
  for (const { from, to, priority, label: text } of spans) {
    const begin = Math.max(left, x(from))
    const width = Math.max(2, Math.min(right, x(to)) - begin)
    if (begin > right || x(to) < left) continue
    ctx.fillStyle = theme[priority]
    ctx.globalAlpha = 0.16
    ctx.fillRect(begin, top, width, bottom - top)
    ctx.globalAlpha = 1
    ctx.fillRect(begin, top, width, barHeight)
    ctx.font = font
    const wide = ctx.measureText(text).width
    if (begin < free || begin + wide > right) continue
    free = begin + wide + 8
    label(ctx, { theme, text, x: begin, y: top + barHeight + 12, align: 'left', colour: theme[priority], bold: false })
  }
}

function dashed(ctx: CanvasRenderingContext2D, [x1, y1, x2, y2]: readonly [number, number, number, number], dash: number[]): void {
  ctx.setLineDash(dash)
  ctx.beginPath()
  ctx.moveTo(x1, y1)
  ctx.lineTo(x2, y2)
  ctx.stroke()
  ctx.setLineDash([])
}

function label(ctx: CanvasRenderingContext2D, { theme, text, x, y, align, colour, bold }: { theme: Theme; text: string; x: number; y: number; align: CanvasTextAlign; colour: string; bold: boolean }): void {
  ctx.font = `${bold ? '600 ' : ''}${font}`
  ctx.textAlign = align
  ctx.textBaseline = 'alphabetic'
  // A rim of the ground keeps it legible over lines.
  ctx.lineWidth = 4
  ctx.strokeStyle = theme.panel
  ctx.strokeText(text, x, y)
  ctx.fillStyle = colour
  ctx.fillText(text, x, y)
}
