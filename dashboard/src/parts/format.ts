import type { Value } from '../../../gateway/kernel/reading.ts'

/** "12 s", "2 min 10 s", "3 h 4 min", "5 d 2 h": two units at most. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return pair(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return pair(hours, 'h', minutes % 60, 'min')
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

// eslint-disable-next-line max-params -- two numbers, each with its unit
function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

/** The day and the time, in the browser's zone and language. */
export function absolute(ms: number): string {
  return Number.isFinite(ms) ? dateTime.format(ms) : '–'
}

const shortTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' })

/** Hour and minute. */
export function hourAndMinute(ms: number): string {
  return Number.isFinite(ms) ? shortTime.format(ms) : '–'
}

export function timeOfDay(ms: number): string {
  return Number.isFinite(ms) ? clockTime.format(ms) : '–'
}

/** UCUM codes in the words people read. */
const unitWords: Readonly<Record<string, string>> = { Cel: '°C', '[degF]': '°F', 'mm[Hg]': 'mmHg', '1': '' }

export function unitText(unit: string | null | undefined): string {
  return unit === null || unit === undefined ? '' : (unitWords[unit] ?? unit)
}

/** At most four significant decimals; large numbers in groups. */
export function valueText(value: Value, unit?: string | null): string {
  const shown = unitText(unit)
  return `${plain(value)}${shown === '' || value === null ? '' : ` ${shown}`}`
}

function plain(value: Value): string {
  if (value === null) return '–'
  if (typeof value === 'number') return Number.isInteger(value) ? value.toLocaleString('en') : value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 1 ? 2 : 4 })
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return value
}

/** 1,234 · 12.3 k · 1.2 M */
export function count(number: number): string {
  if (number < 10_000) return Math.round(number).toLocaleString('en')
  return number < 1_000_000 ? `${(number / 1_000).toFixed(1)} k` : `${(number / 1_000_000).toFixed(1)} M`
}

export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let index = 0
  for (; size >= 1_024 && index < units.length - 1; index++) size /= 1_024
  return `${size >= 100 || index === 0 ? Math.round(size) : size.toFixed(1)} ${units[index]}`
}
