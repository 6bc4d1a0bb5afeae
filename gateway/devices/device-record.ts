import type { ConfiguredDevice, ConfiguredDevices } from '../kernel/configured-devices.ts'
import { overlay } from '../kernel/configured-devices.ts'
import type { Device } from '../kernel/device-contracts.ts'
import { LimenError } from '../kernel/errors.ts'
import { metricsShape } from '../kernel/metric-settings.ts'
import { toDocument } from '../kernel/plain.ts'
import type { Problem } from '../kernel/problem.ts'
import { andMore } from '../kernel/problem.ts'
import type { Labels } from '../kernel/reading.ts'

/** What is kept on disk of a device: space `device`, key the id. Without what the configuration says. */
export interface StoredDevice {
  readonly type: string | null
  readonly labels: Labels
  readonly settings: Readonly<Record<string, unknown>>
  readonly status: Device['status']
  /** Wall time, ms since 1970; 0: never. */
  readonly firstSeen: number
  readonly lastSeen: number
}

export type DeviceEdit = { readonly type?: string | null; readonly labels?: Labels; readonly settings?: Readonly<Record<string, unknown>> }

export const unknownDevice: StoredDevice = { type: null, labels: {}, settings: {}, status: 'unknown', firstSeen: 0, lastSeen: 0 }

/** Type, labels and settings as they hold: the device's own entry of the configuration, then what was edited, then patterns of the configuration. */
export function mergeDevice(id: string, stored: Pick<StoredDevice, 'type' | 'labels' | 'settings'>, configured: ConfiguredDevices): Pick<Device, 'type' | 'labels' | 'settings'> {
  const edited = overlay(configured.defaults(id), stored)
  const own = configured.of(id)
  const { type, labels, settings } = own === undefined ? edited : overlay(edited, own)
  return Object.freeze({ type, labels: Object.freeze({ ...labels }), settings: Object.freeze({ ...settings }) })
}

const labelsAllowed = 64
const textAllowed = 256
const settingsBytesAllowed = 16 * 1024

/** Throws LimenError BAD_INPUT where an edit cannot stand. */
export function checkEdit(id: string, { type, labels, settings }: DeviceEdit): void {
  // A device's id is one level of its topics.
  // eslint-disable-next-line no-control-regex -- [MQTT-4.7.3-2]
  if (id === '' || /[/+#\u0000]/.test(id)) throw bad(`"${id}" cannot be a device's id`, 'an id is one level of a topic: not empty, without / + #')
  if (id.length > textAllowed) throw bad('the id is too long', `use at most ${textAllowed} characters`)
  if (type !== undefined && type !== null && (typeof type !== 'string' || type.length > textAllowed)) throw bad('type is no short text', 'write a word such as "ward-monitor", or null')
  if (labels !== undefined) {
    const entries = Object.entries(labels)
    if (entries.length > labelsAllowed) throw bad(`${entries.length} labels are too many`, `use at most ${labelsAllowed}`)
    for (const [name, value] of entries) {
      if (typeof value !== 'string' || name === '' || name.length > textAllowed || value.length > textAllowed) throw bad(`the label "${name.slice(0, 40)}" is no short text`, 'write labels as {"ward":"east"}')
    }
  }
  if (settings !== undefined) {
    if (JSON.stringify(settings).length > settingsBytesAllowed) throw bad('the settings are too long', `keep them within ${settingsBytesAllowed} bytes of JSON`)
    if (Object.hasOwn(settings, 'metrics')) checkMetrics(settings['metrics'])
  }
}

function checkMetrics(written: unknown): void {
  const problems: Problem[] = []
  metricsShape.read(toDocument(written), 'settings.metrics', problems)
  const first = problems[0]
  if (first === undefined) return
  throw new LimenError('BAD_INPUT', andMore(`${first.path}: ${first.message}`, problems.length), { remedy: first.remedy, problems })
}

/** Throws LimenError CONFLICT where an edit says something else than the configuration, which would win: it would be taken and change nothing. */
export function checkConfigured(id: string, edit: DeviceEdit, configured: ConfiguredDevice | undefined): void {
  if (configured === undefined) return
  if (edit.type !== undefined && configured.type !== null && edit.type !== configured.type) throw fixed(id, 'the type')
  for (const part of ['labels', 'settings'] as const) {
    const written = edit[part]
    if (written === undefined) continue
    const other = Object.keys(configured[part]).find((name) => Object.hasOwn(written, name) && JSON.stringify(written[name]) !== JSON.stringify(configured[part][name]))
    if (other !== undefined) throw fixed(id, part === 'labels' ? `the label "${other}"` : `the setting "${other}"`)
  }
}

function fixed(id: string, what: string): LimenError {
  return new LimenError('CONFLICT', `${what} of ${id} stands in limen.yaml`, { remedy: 'change it there, or take it out there to change it here' })
}

function bad(message: string, remedy: string): LimenError {
  return new LimenError('BAD_INPUT', message, { remedy })
}
