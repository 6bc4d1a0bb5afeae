/**
 * ms since 1970 of a day (`2026-01-31`) and a time of it with its zone (`12:00Z`), as ISO 8601 writes them; NaN where there is none.
 * `Date.parse` takes the 30th of February for the 2nd of March: what somebody mistyped would become another time without a word.
 */
export function isoMs(day: string, timeAndZone: string): number {
  return isDay(day) ? Date.parse(`${day}T${timeAndZone}`) : Number.NaN
}

/** Is there such a day? Every month has 28; the rest is for `Date.parse` to refuse. */
export function isDay(day: string): boolean {
  const ofMonth = Number(day.slice(8, 10))
  return ofMonth <= 28 || new Date(`${day.slice(0, 10)}T00:00Z`).getUTCDate() === ofMonth
}
