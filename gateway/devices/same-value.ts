import type { Value } from '../kernel/reading.ts'
import { truthOf } from '../kernel/truth.ts'

/** Do an actuator's wanted and its reported value mean the same? `ON`, `on`, `true` are one; numbers compare by value, also as text. */
export function sameValue(a: Value, b: Value): boolean {
  const [x, y] = [meaning(a), meaning(b)]
  return x === y
}

function meaning(value: Value): Value {
  if (typeof value !== 'string') return value
  const text = value.trim()
  return truthOf(text) ?? (text !== '' && Number.isFinite(Number(text)) ? Number(text) : value)
}
