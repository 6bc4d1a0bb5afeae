import type { Secret } from './secret.ts'

/** The `influx` section of limen.yaml (interface.md "Configuration"); version 2 also speaks to InfluxDB 3. */
export type InfluxOptions =
  | {
      readonly version: 1
      readonly url: string
      readonly database: string
      readonly username: string | undefined
      readonly password: Secret | undefined
      readonly measurement: string
    }
  | {
      readonly version: 2
      readonly url: string
      readonly org: string
      readonly bucket: string
      readonly token: Secret
      readonly measurement: string
    }
