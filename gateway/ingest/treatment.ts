import type { NewEvent } from '../kernel/event.ts'
import { settingsOf } from '../kernel/metric-settings.ts'
import type { Quality, Series, Value } from '../kernel/reading.ts'
import type { Converter } from '../kernel/ucum.ts'
import { converter, parseUnit, unitSuggestion } from '../kernel/ucum.ts'
import { readNumericText } from './fields.ts'

/** What the settings of its device ask for the readings of one series. */
export interface Treatment {
  readonly unit: string | undefined
  readonly coerce: boolean
  /** The unit that came last, and how it becomes `unit`; undefined: not at all. */
  given: string | undefined
  convert: Converter | undefined
  /** Has it been said that a unit does not fit? */
  told: boolean
}

/** Null: readings are kept as they come, which is the rule. */
export function treatmentOf(settings: Readonly<Record<string, unknown>>, metric: string): Treatment | null {
  const { unit, coerce } = settingsOf(settings, metric)
  return unit === undefined && !coerce ? null : { unit, coerce, given: undefined, convert: undefined, told: false }
}

export interface Treated { readonly value: Value; readonly quality: Quality; readonly unit: string | undefined }

/**
 * Text becomes a number where that was asked for, and a number comes into the metric's unit; one without a unit is in it already.
 * A unit that cannot become the metric's leaves the value as it was sent, with bad quality. Other values have no unit but the metric's.
 */
export function treat(treatment: Treatment, { value: sent, quality, unit }: Treated, mismatch: () => void): Treated {
  const value = treatment.coerce && typeof sent === 'string' ? (readNumericText(sent) ?? sent) : sent
  if (typeof value === 'number' && !Number.isFinite(value)) return { value: null, quality: 'bad', unit: treatment.unit ?? unit }
  if (treatment.unit === undefined) return { value, quality, unit }
  if (unit === undefined || unit === treatment.unit || typeof value !== 'number') return { value, quality, unit: treatment.unit }
  if (unit !== treatment.given) {
    treatment.convert = converter(unit, treatment.unit)
    treatment.given = unit
  }
  if (treatment.convert === undefined) {
    mismatch()
    return { value, quality: 'bad', unit }
  }
  const converted = treatment.convert(value)
  return Number.isFinite(converted) ? { value: converted, quality, unit: treatment.unit } : { value: null, quality: 'bad', unit: treatment.unit }
}

/** `limen.reading.unit-mismatch`: told once per series, and again after its device was edited. */
export function unitMismatch({ device, metric }: Series, { unit, given }: Treatment): NewEvent {
  const known = given !== undefined && parseUnit(given) !== undefined
  return {
    type: 'limen.reading.unit-mismatch',
    subject: device,
    data: {
      device,
      metric,
      given,
      unit,
      detail: known ? `readings in "${given}" cannot become "${unit}": they have bad quality` : `the unit "${given}" is not known: readings have bad quality`,
      remedy: known ? `let the device send another unit, or mend settings.metrics of ${device}` : `${unitSuggestion(given ?? '')}; or let the device send none, then it is "${unit}"`,
    },
  }
}
