import type { StoredDevice } from './devices/device-record.ts'
import { mergeDevice, unknownDevice } from './devices/device-record.ts'
import type { ConfiguredDevices } from './kernel/configured-devices.ts'
import type { DeviceFacts } from './kernel/contracts.ts'
import type { Rule } from './kernel/rule.ts'
import type { RuleRevision } from './kernel/rule-desk.ts'
import { readRevision, versionSpace } from './rules/rule-book.ts'
import type { LogFile } from './store/log-file.ts'

/** Devices that were known at this wall time, as the registry and the configuration have them now: what was edited since then is not undone. */
export function devicesAt(log: Pick<LogFile, 'state'>, wallMs: number, configured: ConfiguredDevices): ReadonlyMap<string, DeviceFacts> {
  const found = new Map<string, DeviceFacts>()
  const add = (id: string, stored: StoredDevice): void => void found.set(id, factsOf(mergeDevice(id, stored, configured)))
  for (const id of configured.ids) add(id, unknownDevice)
  for (const [id, text] of log.state('device')) {
    const stored = JSON.parse(text) as StoredDevice
    if (found.has(id) || stored.firstSeen <= wallMs) add(id, stored)
  }
  return found
}

function factsOf({ type, labels, settings }: DeviceFacts): DeviceFacts {
  return { type, labels, settings }
}

/** The rules that ran at this wall time: what was said last of each by then. */
export function rulesAt(log: Pick<LogFile, 'state'>, wallMs: number): readonly Rule[] {
  const newest = new Map<string, RuleRevision>()
  for (const [key, text] of log.state(versionSpace)) {
    const revision = readRevision(text)
    const id = key.slice(0, key.indexOf('\0'))
    if (Date.parse(revision.at) <= wallMs && revision.revision > (newest.get(id)?.revision ?? 0)) newest.set(id, revision)
  }
  return [...newest.values()].flatMap(({ rule }) => (rule === null ? [] : [rule])).sort((a, b) => (a.id < b.id ? -1 : 1))
}
