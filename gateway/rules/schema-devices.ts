/** A rule held against what the configuration says of devices: what cannot be, however the devices behave. */
import type { ConfiguredDevice, ConfiguredDevices } from '../kernel/configured-devices.ts'
import { overlay } from '../kernel/configured-devices.ts'
import type { DocumentNode } from '../kernel/document.ts'
import { compileGlob, globCovers, globsMeet, isGlob } from '../kernel/glob.ts'
import { settingsOf } from '../kernel/metric-settings.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Rule, Selector } from '../kernel/rule.ts'
import type { Compared } from '../kernel/rule-kind.ts'
import type { Invalid } from '../kernel/shape.ts'
import { clip, invalid, problemAt } from '../kernel/shape.ts'
import { converter } from '../kernel/ucum.ts'
import { compileSelector } from './selector.ts'

interface Checked { readonly on: Selector; readonly unit: Rule['unit'] | Invalid; readonly compares: readonly Compared[] }

export function checkDevices(rule: Checked, { devices, node, path }: { devices: ConfiguredDevices; node: DocumentNode; path: string }, problems: Problem[]): void {
  const nothing = whyNothing(rule.on, devices)
  if (nothing !== undefined) problems.push(problemAt(spotOf(node, path, ['on', ...nothing.at]), nothing.message, nothing.remedy))
  for (const { on, unit: own } of rule.compares) {
    const unit = own ?? rule.unit
    if (unit === undefined || unit === invalid) continue
    const other = otherUnit(on, unit, devices)
    if (other === undefined) continue
    const which = `${clip(other.metric)} of ${clip(other.device)}, which is in "${other.unit}"`
    const problem = own === undefined
      ? problemAt(spotOf(node, path, ['unit']), `"${unit}" cannot be compared with ${which}`, `write limits and unit in something like "${other.unit}", or leave that metric out of ${on === rule.on ? '"on"' : 'the rule'}`)
      : problemAt(spotOf(node, path, ['when']), `it is counted in "${unit}", which cannot be made of ${which}`, `write a unit like "${unit}" where the device stands, or leave the device out of "on"`)
    // One of them is enough.
    return void problems.push(problem)
  }
}

/** Type and labels of a device that has an entry of its own are what they are there: no edit changes them. */
function whyNothing({ device, deviceType, label }: Selector, devices: ConfiguredDevices): { at: readonly string[]; message: string; remedy: string } | undefined {
  const known = device === undefined || isGlob(device) ? undefined : devices.of(device)
  if (known === undefined) return undefined
  const remedy = 'write the one or the other'
  if (deviceType !== undefined && known.type !== null && !compileGlob(deviceType)(known.type)) {
    return { at: ['deviceType'], message: `can match nothing: ${clip(device!)} is of the type "${clip(known.type)}"`, remedy }
  }
  const name = Object.keys(label ?? {}).find((one) => Object.hasOwn(known.labels, one) && !compileGlob(label![one]!)(known.labels[one]!))
  return name === undefined ? undefined : { at: ['label', name], message: `can match nothing: ${clip(device!)} has the label ${clip(name)} "${clip(known.labels[name]!)}"`, remedy }
}

/** A metric that the rule selects and that is kept in a unit which cannot become the rule's. */
function otherUnit(on: Selector, unit: string, devices: ConfiguredDevices): { device: string; metric: string; unit: string } | undefined {
  for (const [device, says] of selected(on, devices)) {
    for (const metric of metricsOf(on.metric, says)) {
      const known = settingsOf(says.settings, metric).unit
      if (known !== undefined && converter(known, unit) === undefined) return { device, metric, unit: known }
    }
  }
  return undefined
}

/** Devices that are named and selected by what is written of them; patterns that stand for devices which may be selected. */
function* selected(on: Selector, devices: ConfiguredDevices): Generator<readonly [string, ConfiguredDevice]> {
  const { device } = on
  const fits = compileSelector(on)
  const says = ({ labels, type }: ConfiguredDevice) => ({ labels: () => labels, type: () => type })
  const whole = (id: string): ConfiguredDevice => {
    const own = devices.of(id)
    return own === undefined ? devices.defaults(id) : overlay(devices.defaults(id), own)
  }
  if (device !== undefined && !isGlob(device)) {
    const known = whole(device)
    if (fits.matchesDevice(device, says(known))) yield [device, known]
    return
  }
  for (const id of devices.ids) {
    const known = whole(id)
    if (fits.matchesDevice(id, says(known))) yield [id, known]
  }
  const { device: _, ...others } = on
  const fitsOtherwise = compileSelector(others)
  for (const [index, pattern] of devices.patterns.entries()) {
    const known = devices.of(pattern)!
    if (!globsMeet(pattern, device ?? '*') || !fitsOtherwise.matchesDevice('', says(known))) continue
    // What an earlier pattern says stands before it.
    const hidden = devices.patterns.slice(0, index).some((earlier) => globCovers(earlier, device ?? '*') && Object.hasOwn(devices.of(earlier)!.settings, 'metrics'))
    if (!hidden) yield [pattern, known]
  }
}

/** The metric itself, or what the settings name of those that a pattern fits. */
function metricsOf(wanted: string | undefined, { settings }: ConfiguredDevice): readonly string[] {
  if (wanted !== undefined && !isGlob(wanted)) return [wanted]
  const written = settings['metrics']
  return typeof written !== 'object' || written === null ? [] : Object.keys(written).filter((name) => globsMeet(name, wanted ?? '*'))
}

/** The value that stands there, or the nearest mapping around it. */
function spotOf(node: DocumentNode, path: string, names: readonly string[]): Parameters<typeof problemAt>[0] {
  let spot = { node, path }
  for (const name of names) {
    const entry = spot.node.kind === 'map' ? spot.node.entries.find(({ key }) => key === name) : undefined
    if (entry === undefined) break
    spot = { node: entry.value, path: `${spot.path}.${clip(name)}` }
  }
  return { place: spot.node.place, path: spot.path }
}
