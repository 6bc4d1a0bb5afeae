const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `500ms`, `10s`, `5min`, `2h`, `7d` → milliseconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,6})?)\s?([a-z]{1,3})$/.exec(text.trim())
  const factor = match === null || !Object.hasOwn(units, match[2]!) ? undefined : units[match[2]!]
  return factor === undefined ? undefined : Math.round(Number(match![1]) * factor)
}
