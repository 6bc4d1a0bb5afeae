import type { Reading } from '../kernel/reading.ts'
import { converter } from '../kernel/ucum.ts'
import type { RuleRuntime } from './cell.ts'

const mostUnits = 1_000

/** The reading in the unit in which the rule's limits are written. One that cannot be put so has bad quality; without a unit of its own it is taken as it is. */
export function inUnit({ rule, converters }: RuleRuntime, reading: Reading): Reading {
  const { unit, value } = reading
  if (converters === null || unit === undefined || unit === rule.unit || typeof value !== 'number') return reading
  // Units come from devices: of too many the oldest answers are forgotten.
  if (converters.size >= mostUnits) converters.clear()
  if (!converters.has(unit)) converters.set(unit, converter(unit, rule.unit!))
  const convert = converters.get(unit)
  return convert === undefined ? { ...reading, quality: 'bad' } : { ...reading, value: convert(value), unit: rule.unit }
}
