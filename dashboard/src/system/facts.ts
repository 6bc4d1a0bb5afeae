import { bytes, duration } from '../parts/format.ts'

export interface Fact { readonly name: string; readonly text: string; readonly since?: number }

const shownElsewhere = new Set(['now', 'health'])

/** What the gateway says of itself, whatever it is: a later one may say more. */
export function factsOf(info: object, before = ''): readonly Fact[] {
  return Object.entries(info).flatMap(([key, value]: [string, unknown]): readonly Fact[] => {
    if (value === null || value === undefined || (before === '' && shownElsewhere.has(key))) return []
    const name = words(`${before} ${key}`)
    if (typeof value === 'object') return factsOf(value, `${before} ${key}`)
    if (typeof value === 'number') return [{ name, text: /bytes|size/i.test(key) ? bytes(value) : key.endsWith('Ms') ? duration(value) : value.toLocaleString('en') }]
    const text = typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : ''
    const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN
    return [{ name, text, ...(Number.isNaN(at) ? {} : { since: at }) }]
  })
}

/** `disk freeBytes` → "Disk free". */
function words(path: string): string {
  const text = path.trim().replace(/([a-z])([A-Z])/g, '$1 $2').replace(/ (?:bytes|ms)$/i, '').toLowerCase()
  return text.charAt(0).toUpperCase() + text.slice(1)
}
