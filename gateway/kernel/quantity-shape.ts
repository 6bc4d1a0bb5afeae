import type { Shape } from './shape.ts'
import { scalar } from './shape.ts'
import { parseDuration, parseLength, parseSize } from './units.ts'

/** `500ms`, `10s`, `5min`, `2h`, `7d` → milliseconds. A bare 0 needs no unit. Bounds are written as a person would: `1s`. */
export function duration(bounds: { min?: string; max?: string; example?: string } = {}): Shape<number> {
  const range = within(bounds, (text) => parseDuration(text)!)
  const example = bounds.example ?? '10s'
  return scalar<number>({
    expected: `a duration${range.words}`,
    example,
    from({ value, text }) {
      if (typeof value === 'number' && value < 0) return { wrong: `a duration cannot be negative, found ${text}`, remedy: `write e.g. ${example}` }
      if (typeof value === 'number' && value !== 0) return { wrong: `a duration needs a unit, found ${text}`, remedy: `write ${text}s for seconds, or ms, min, h, d` }
      const ms = value === 0 ? 0 : parseDuration(text)
      if (ms === undefined && /^-/.test(text)) return { wrong: `a duration cannot be negative, found ${text.slice(0, 20)}`, remedy: `write e.g. ${example}` }
      return ms !== undefined && range.holds(ms) ? ms : undefined
    },
  })
}

/** `64KiB`, `10MiB`, `2GiB` → bytes. */
export function size(bounds: { min?: string; max?: string; example: string }): Shape<number> {
  const range = within(bounds, (text) => parseSize(text)!)
  return scalar<number>({
    expected: `a size${range.words}`,
    example: bounds.example,
    from({ value, text }) {
      if (typeof value === 'number') return { wrong: `a size needs a unit, found ${text}`, remedy: `write e.g. ${bounds.example}; units are B, KiB, MiB, GiB` }
      if (/^\d+(\.\d+)?\s?[kKmMgG][bB]?$/.test(text)) return { wrong: `sizes are in KiB, MiB, GiB, found ${text}`, remedy: `write e.g. ${bounds.example}` }
      const bytes = parseSize(text)
      return bytes !== undefined && range.holds(bytes) ? bytes : undefined
    },
  })
}

/** `10m`, `1.5km` → metres. A bare 0 needs no unit. */
export function length(bounds: { min?: string; max?: string; example: string }): Shape<number> {
  const range = within(bounds, (text) => parseLength(text)!)
  return scalar<number>({
    expected: `a length${range.words}`,
    example: bounds.example,
    from({ value, text }) {
      if (typeof value === 'number' && value !== 0) return { wrong: `a length needs a unit, found ${text}`, remedy: `write e.g. ${bounds.example}; units are m and km` }
      const metres = value === 0 ? 0 : parseLength(text)
      return metres !== undefined && range.holds(metres) ? metres : undefined
    },
  })
}

function within(bounds: { min?: string; max?: string }, parse: (text: string) => number): { words: string; holds: (value: number) => boolean } {
  const min = bounds.min === undefined ? 0 : parse(bounds.min)
  const max = bounds.max === undefined ? Infinity : parse(bounds.max)
  const low = bounds.min ?? '0'
  const words = bounds.max !== undefined ? ` ${low}…${bounds.max}` : bounds.min !== undefined ? ` of at least ${low}` : ''
  return { words, holds: (value) => value >= min && value <= max }
}
