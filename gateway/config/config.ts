import type { ConfiguredDevice } from '../kernel/configured-devices.ts'
import type { InfluxOptions } from '../kernel/influx-options.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import type { Secret } from '../kernel/secret.ts'

/**
 * limen.yaml, environment and command line, read, checked and frozen (interface.md "Configuration").
 * Durations are milliseconds, sizes bytes, paths absolute; every default is filled in.
 */
export interface Config {
  /** Absolute path of the file; undefined where there is none and the defaults apply. */
  readonly file: string | undefined
  /** What relative paths are relative to: the file's directory, or the working directory. */
  readonly baseDir: string
  /** Name of the site: `source` of every CloudEvent. Default: the host's name. */
  readonly site: string
  /** Absolute. Default `./data`. */
  readonly dataDir: string
  readonly mqtt: {
    readonly host: string
    /** 0 takes a free one. */
    readonly port: number
    readonly maxPacketSizeBytes: number
  }
  readonly http: { readonly host: string; readonly port: number }
  readonly auth: {
    readonly loopback: 'trusted' | 'required'
    /** Off loopback without TLS all the same. */
    readonly insecure: boolean
    /** Makes the first admin; only from LIMEN_AUTH__ADMIN_PASSWORD or …_FILE. */
    readonly adminPassword: Secret | undefined
  }
  readonly store: {
    /** 0…1000. */
    readonly commitWindowMs: number
  }
  /** By device id, or a pattern of ids; what cannot be learnt. A Map: any text may be an id. */
  readonly devices: ReadonlyMap<string, DeviceConfig>
  /** Files, globs and rules written in place; rules/load.ts reads them. */
  readonly rules: readonly RuleSource[]
  /** By name. */
  readonly targets: ReadonlyMap<string, TargetConfig>
  readonly influx: InfluxConfig | undefined
  readonly flows: {
    /** Default: `child` where HTTP listens on loopback, else `off`: the editor is remote code execution for whoever reaches it. */
    readonly mode: 'child' | 'off'
    /** Resident memory of the Node-RED process above which it is ended. */
    readonly maxMemoryBytes: number
    /** How far this process stands behind others when the processor is short: 0 (not at all) to 19, as of nice(1). */
    readonly nice: number
    /** All that this process is given of the gateway's environment; no secret of the gateway's is in it. */
    readonly environment: Readonly<Record<string, string>>
  }
  readonly retention: { readonly readingsMs: number; readonly maxSizeBytes: number }
}

/** Settings are every further key of the device's entry (`news2Scale: 2`, `metrics: { … }`) and those under `settings`. */
export type DeviceConfig = ConfiguredDevice

export type TargetConfig =
  | {
      readonly kind: 'webhook'
      readonly url: string
      /** The value of the variable that `secretEnv` names; undefined: unsigned. */
      readonly secret: Secret | undefined
      readonly timeoutMs: number
      readonly allowPrivate: boolean
    }
  | {
      readonly kind: 'mqtt'
      /** `mqtt://` or `mqtts://`; undefined: this gateway's own broker. */
      readonly url: string | undefined
      /** May hold `${source}`, `${type}`, `${subject}`, `${data.…}`. */
      readonly topic: string
      readonly qos: 0 | 1 | 2
      readonly username: string | undefined
      readonly password: Secret | undefined
    }

export type InfluxConfig = InfluxOptions

/** What the command line says; wins over everything. */
export interface ConfigOverrides {
  /** `--data DIR`, relative to the working directory. */
  readonly data?: string
  /**
   * For commands that send nothing (export, credentials): secrets that `secretEnv` and `passwordEnv` name may be missing,
   * since they are the service's and not the shell's. The targets of such a Config are not to be used.
   */
  readonly withoutSecrets?: boolean
}
