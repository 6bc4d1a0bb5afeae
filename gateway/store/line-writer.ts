/**
 * Writes JSON text as UTF-8 straight into a byte buffer that is used again and again.
 * It exists for one reason: a reading costs no garbage and a few dozen nanoseconds.
 */
export interface LineWriter {
  /** Makes room; call before `byte`, `integer` and `number` (24 bytes each are enough). */
  reserve(bytes: number): void
  byte(code: number): void
  /** A whole number within ±2^53. */
  integer(value: number): void
  /** A finite number in the shortest form that reads back as the same one. */
  number(value: number): void
  /** Any text, as it is. Makes its own room. */
  raw(text: string): void
  length(): number
  /** A copy of what was written; the writer is empty afterwards. */
  take(): Uint8Array
}

/** A buffer that one burst made larger than this is not kept. */
const keptBytes = 4 * 1024 * 1024
const zero = 48
const minus = 45
const point = 46

export function createLineWriter(initialBytes = 16_384): LineWriter {
  let buffer = Buffer.allocUnsafeSlow(initialBytes)
  let at = 0

  function reserve(bytes: number): void {
    if (at + bytes <= buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes))
    buffer.copy(larger, 0, 0, at)
    buffer = larger
  }

  function ascii(text: string): void {
    for (let i = 0; i < text.length; i++) buffer[at++] = text.charCodeAt(i)
  }

  /** 0 ≤ value < 2^31 */
  function digits(value: number): void {
    let end = at + 1
    for (let rest = value; rest >= 10; rest = (rest / 10) | 0) end++
    let rest = value
    for (let i = end - 1; i >= at; i--) {
      const next = (rest / 10) | 0
      buffer[i] = zero + rest - next * 10
      rest = next
    }
    at = end
  }

  function integer(value: number): void {
    if (value > -2_147_483_648 && value < 2_147_483_648 && value === (value | 0)) {
      if (value < 0) {
        buffer[at++] = minus
        digits(-value)
      } else digits(value)
    } else ascii(String(value))
  }

  return {
    reserve,
    byte(code) {
      buffer[at++] = code
    },
    integer,
    number(value) {
      if (value === (value | 0) && value > -2_147_483_648 && (value !== 0 || 1 / value > 0)) return integer(value)
      // Most sensors give up to three decimals: n/1000 is the same double, so writing n/1000 reads back as the same value.
      const thousandths = Math.round(value * 1000)
      if (thousandths > -2_147_483_648 && thousandths < 2_147_483_648 && thousandths !== 0 && thousandths / 1000 === value) {
        const whole = thousandths < 0 ? -thousandths : thousandths
        if (thousandths < 0) buffer[at++] = minus
        const units = (whole / 1000) | 0
        digits(units)
        const rest = whole - units * 1000
        if (rest === 0) return
        buffer[at++] = point
        const tenths = (rest / 100) | 0
        buffer[at++] = zero + tenths
        const hundredths = ((rest - tenths * 100) / 10) | 0
        const last = rest - tenths * 100 - hundredths * 10
        if (hundredths !== 0 || last !== 0) buffer[at++] = zero + hundredths
        if (last !== 0) buffer[at++] = zero + last
        return
      }
      ascii(Object.is(value, -0) ? '-0' : String(value))
    },
    raw(text) {
      reserve(text.length * 3)
      at += buffer.write(text, at, 'utf8')
    },
    length: () => at,
    take() {
      const copy = Uint8Array.prototype.slice.call(buffer, 0, at)
      at = 0
      if (buffer.length > keptBytes) buffer = Buffer.allocUnsafeSlow(initialBytes)
      return copy
    },
  }
}
