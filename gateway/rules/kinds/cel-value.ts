import { celLimits } from './cel.ts'

const mostNodes = 10_000

/**
 * JSON for an expression: objects become Maps, so that a member of whatever name is nothing but a member. Undefined: there is
 * nothing, or more than may be looked at.
 */
export function toCel(value: unknown): unknown {
  let nodes = 0
  let tooLarge = false
  function convert(one: unknown): unknown {
    if (++nodes > mostNodes) tooLarge = true
    if (tooLarge) return undefined
    if (typeof one === 'string') return one.length > celLimits.textLength ? undefined : one
    if (typeof one === 'number' || typeof one === 'boolean' || one === null) return one
    if (Array.isArray(one)) return one.map((item) => convert(item) ?? null)
    if (typeof one !== 'object') return undefined
    return new Map(Object.entries(one).flatMap(([name, member]) => {
      const converted = convert(member)
      return converted === undefined ? [] : [[name, converted] as const]
    }))
  }
  const converted = convert(value)
  return tooLarge ? undefined : converted
}
