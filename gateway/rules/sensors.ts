import type { ConditionSink } from '../kernel/condition.ts'
import type { Times } from '../kernel/contracts.ts'
import { settingsOf } from '../kernel/metric-settings.ts'
import type { Reading } from '../kernel/reading.ts'
import { truthOf } from '../kernel/truth.ts'
import type { FlatCell, SensorCheck, SeriesState } from './cell.ts'
import type { FactTable } from './facts.ts'
import type { Kind, Moment, SignalCondition } from './kind.ts'
import { normal } from './kind.ts'
import { createWatermark, takeTime } from './watermark.ts'

/** Bits of SeriesState.faults: technical alarms of the sensor that stand. */
export const outOfRange = 1
export const stuck = 2
export const leadOff = 4

/** Sensors and clocks that cannot be right: technical alarms of their own. */
export interface Sensors {
  checkOf(device: string, metric: string): SensorCheck | null
  /** The device says that what it measures with hangs loose, or no longer: everything measured with it is doubtful. */
  lead(series: SeriesState, reading: Reading, times: Times): void
  /** A good sample of a series with a check: is it to be believed? */
  take(series: SeriesState, reading: Reading, moment: Moment): boolean
  /** A reading came with a time of its own that is, or is not, too far from its receipt. */
  clock(device: string, suspect: boolean, times: Times): void
  /** Nobody looks at the series any more, or it is looked at otherwise: alarms of what is looked at no longer end. */
  forget(series: SeriesState, still: SensorCheck | null, times: Times): void
}

export interface SensorDeps {
  readonly kinds: readonly Kind[]
  readonly facts: FactTable
  readonly sink: ConditionSink
  readonly seriesOf: (device: string) => readonly SeriesState[]
  readonly find: (device: string, metric: string) => SeriesState | undefined
  /** The values of this series are not to be believed from now on. */
  readonly doubt: (series: SeriesState, times: Times) => void
}

const words = {
  'technical.range': 'is plausible again', 'technical.flat': 'moves again', 'technical.lead-off': 'is connected again',
} as const

export function createSensors({ kinds, facts, sink, seriesOf, find, doubt }: SensorDeps): Sensors {
  const flatKind = kinds.find(({ name }) => name === 'flat')

  function set(series: SeriesState, of: { readonly bit: number; readonly rule: keyof typeof words; readonly message: string; readonly value: Reading['value'] }, times: Times): void {
    series.faults ^= of.bit
    const { device, metric } = series
    const active = (series.faults & of.bit) !== 0
    const message = `${metric} of ${device} ${active ? of.message : words[of.rule]}`
    sink.technical({ rule: of.rule, key: `${device}.${metric}`, device, metric, active, message, value: of.value }, times)
    if (active) doubt(series, times)
  }

  function isStuck(series: SeriesState, check: SignalCondition, { reading, moment }: { readonly reading: Reading; readonly moment: Moment }): boolean {
    series.flat ??= createFlatCell(series, check)
    const cell = series.flat
    if (!takeTime(cell.watermark!, moment.time, moment.at)) return cell.active > normal
    const verdict = check.judge(reading, cell, moment)
    if (verdict >= normal) cell.active = verdict
    return cell.active > normal
  }

  function lead(series: SeriesState, { value }: Reading, times: Times): void {
    const off = value === true || (typeof value === 'number' && value !== 0) || (typeof value === 'string' && truthOf(value) === true)
    series.off = off
    for (const other of seriesOf(series.device)) if (other.sensor?.leadOff === series.metric) setLead(other, off, times)
  }

  function setLead(series: SeriesState, off: boolean, times: Times): void {
    if (((series.faults & leadOff) !== 0) !== off) set(series, { bit: leadOff, rule: 'technical.lead-off', message: 'has its lead off', value: null }, times)
  }

  /** Said before anything measured with it was heard. */
  function isOff(device: string, metric: string): boolean {
    const by = find(device, metric)
    return by !== undefined && by.off && by.sensor?.isLead === true
  }

  return {
    checkOf(device, metric) {
      const { settings } = facts.get(device)
      if (!Object.hasOwn(settings, 'metrics')) return null
      const { min = -Infinity, max = Infinity, flat, leadOff: by } = settingsOf(settings, metric)
      const isLead = leadsOf(settings).has(metric)
      if (min === -Infinity && max === Infinity && flat === undefined && by === undefined && !isLead) return null
      const rule = { when: { kind: 'flat', spec: flat }, staleMs: undefined } as unknown as Parameters<Kind['compile']>[0]
      return { min, max, flat: flat === undefined || flatKind === undefined ? null : (flatKind.compile(rule) as SignalCondition), leadOff: by, isLead }
    },
    lead,
    take(series, reading, moment) {
      const { min, max, flat, leadOff: by, isLead } = series.sensor!
      const { value } = reading
      if (isLead) lead(series, reading, moment)
      if (by !== undefined && (series.faults & leadOff) === 0 && isOff(series.device, by)) setLead(series, true, moment)
      // What is no number is neither inside nor outside.
      const outside = typeof value === 'number' ? !(value >= min && value <= max) : (series.faults & outOfRange) !== 0
      if (outside !== ((series.faults & outOfRange) !== 0)) {
        set(series, { bit: outOfRange, rule: 'technical.range', message: `is ${String(value)}, outside ${min}…${max}: no value that its sensor can give`, value }, moment)
      }
      if (flat !== null && !outside) {
        const still = isStuck(series, flat, { reading, moment })
        if (still !== ((series.faults & stuck) !== 0)) set(series, { bit: stuck, rule: 'technical.flat', message: `has stood at ${String(value)} for too long: its sensor may be stuck`, value }, moment)
      }
      return series.faults === 0
    },
    clock(device, suspect, times) {
      if (facts.isSuspect(device) === suspect) return
      facts.setSuspect(device, suspect)
      const message = suspect ? `the clock of ${device} is more than a minute off; its readings count by the time of receipt` : `the clock of ${device} is right again`
      sink.technical({ rule: 'technical.clock-suspect', key: device, device, metric: null, active: suspect, message }, times)
    },
    forget(series, still, times) {
      const { faults } = series
      if (still?.flat === null || still === null) series.flat = null
      const ends = (bit: number, rule: keyof typeof words, isLookedAt: boolean): void => {
        if ((faults & bit) !== 0 && !isLookedAt) set(series, { bit, rule, message: '', value: null }, times)
      }
      ends(outOfRange, 'technical.range', still !== null && (still.min > -Infinity || still.max < Infinity))
      ends(stuck, 'technical.flat', still !== null && still.flat !== null)
      ends(leadOff, 'technical.lead-off', still?.leadOff !== undefined)
    },
  }
}

export function createFlatCell({ device, metric }: Pick<SeriesState, 'device' | 'metric'>, check: SignalCondition): FlatCell {
  return { key: `${device}.${metric}`, device, active: normal, deadline: Infinity, memory: check.create(), watermark: createWatermark() }
}

/** Metrics that say of others that their lead is off. */
function leadsOf(settings: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const metrics = settings['metrics']
  const names = typeof metrics === 'object' && metrics !== null ? Object.values(metrics).map((one) => (one as { leadOff?: unknown } | null)?.leadOff) : []
  return new Set(names.filter((name): name is string => typeof name === 'string'))
}
