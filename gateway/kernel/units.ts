const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const lengthUnits: Readonly<Record<string, number>> = { m: 1, km: 1_000 }
const sizeUnits: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }

/** `500ms`, `10s`, `5min`, `2h`, `7d` (decimals allowed) → milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, durationUnits)
}

/** `512B`, `64KiB`, `10MiB`, `2GiB` → bytes; undefined when it is none of these. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, sizeUnits)
}

/** `10m`, `1.5km` → metres; undefined when it is neither. */
export function parseLength(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s?(m|km)$/.exec(text.trim())
  return match === null ? undefined : Number(match[1]) * lengthUnits[match[2]!]!
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)\s?([A-Za-z]{1,3})$/.exec(text.trim())
  if (match === null) return undefined
  const factor = Object.hasOwn(units, match[2]!) ? units[match[2]!]! : undefined
  if (factor === undefined) return undefined
  const result = Number(match[1]) * factor
  return Number.isSafeInteger(Math.round(result)) ? Math.round(result) : undefined
}
