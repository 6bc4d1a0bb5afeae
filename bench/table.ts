import type { Figure } from './figures.ts'
import type { Verdict } from './targets.ts'

/** Figures as aligned lines, one block a measurement. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.measurement, figure.setting, figure.subject, figure.quantity, `${readable(figure.median)} ${figure.unit}`.trim(),
    figure.runs.length > 1 ? `${readable(Math.min(...figure.runs))} … ${readable(Math.max(...figure.runs))}` : '',
  ])
  return table(['measurement', 'setting', 'subject', 'quantity', 'median', 'lowest … highest'], rows)
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, value, unit, met }) => [
    target, value === undefined ? 'not measured' : `${readable(value)} ${unit}`.trim(), met === undefined ? '' : met ? 'met' : 'MISSED',
  ])
  return table(['target', 'measured', ''], rows)
}

export function readable(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

/** Aligned columns under their titles. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}
