import type { Glob } from './glob.ts'
import { compileGlob, isGlob } from './glob.ts'
import type { Labels } from './reading.ts'

/** What the configuration says of a device, or of all whose ids fit a pattern. */
export interface ConfiguredDevice {
  readonly type: string | null
  readonly labels: Labels
  readonly settings: Readonly<Record<string, unknown>>
}

export interface ConfiguredDevices {
  /** Those that are named, in the order of the file. */
  readonly ids: readonly string[]
  readonly patterns: readonly string[]
  /** What stands under this very id or pattern. Of a device it wins over what was edited. */
  of(idOrPattern: string): ConfiguredDevice | undefined
  /** What patterns say of a device, member by member the first that fits: it stands where neither file nor edits say more. */
  defaults(id: string): ConfiguredDevice
}

const nothing: ConfiguredDevice = Object.freeze({ type: null, labels: Object.freeze({}), settings: Object.freeze({}) })

/** `devices:` of the configuration. A key with `*` or `?` is a pattern. */
export function createConfiguredDevices(entries: ReadonlyMap<string, ConfiguredDevice>): ConfiguredDevices {
  const patterns: readonly { readonly fits: Glob; readonly says: ConfiguredDevice }[] = [...entries].filter(([key]) => isGlob(key)).map(([key, says]) => ({ fits: compileGlob(key), says }))
  return {
    ids: [...entries.keys()].filter((key) => !isGlob(key)),
    patterns: [...entries.keys()].filter(isGlob),
    of: (key) => entries.get(key),
    defaults: (id) => patterns.reduceRight((found, { fits, says }) => (fits(id) ? overlay(found, says) : found), nothing),
  }
}

/** The second over the first, member by member. */
export function overlay(under: ConfiguredDevice, over: ConfiguredDevice): ConfiguredDevice {
  if (under === nothing) return over
  return { type: over.type ?? under.type, labels: { ...under.labels, ...over.labels }, settings: { ...under.settings, ...over.settings } }
}
