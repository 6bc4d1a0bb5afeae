import type { Clock } from '../kernel/clock.ts'
import type { TechnicalCondition } from '../kernel/contracts.ts'
import type { Logger } from '../kernel/log.ts'
import type { InfluxOptions } from './options.ts'

export type Condition = Pick<TechnicalCondition, 'message' | 'active'> & { readonly rule: 'technical.influx' }

export interface Health {
  /** It answered as one who takes our lines. */
  good(): void
  /** It wants us to change something (401, 403, 404, …). */
  refused(status: number, words: string): void
  /** It cannot be reached, fails, or is busy. */
  away(words: string): void
  state(): { readonly state: 'unknown' | 'good' | 'refused' | 'away'; readonly since: number; readonly reason: string | null }
}

export interface HealthDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly onCondition: (condition: Condition) => void
}

/** What is known of the server, the log lines about it, and the technical alarm `technical.influx`. */
export function createHealth(options: InfluxOptions, awayAlarmMs: number, { clock, logger, onCondition }: HealthDeps): Health {
  let state: 'unknown' | 'good' | 'refused' | 'away' = 'unknown'
  let since = clock.wall()
  let awaySinceMs = clock.monotonic()
  let reason: string | null = null
  let alarm: string | null | undefined

  function change(next: typeof state, why: string | null): void {
    if (next !== state) {
      if (next === 'good') logger.info({ url: options.url }, 'InfluxDB takes readings')
      else logger.warn({ url: options.url, reason: why }, next === 'refused' ? 'InfluxDB refuses us; readings are kept' : 'InfluxDB is away; readings are kept')
      since = clock.wall()
      if (next === 'away') awaySinceMs = clock.monotonic()
      state = next
    }
    reason = why
  }

  /** `key` tells alarms apart; the same one is not told twice. null: none. */
  function tell(key: string | null, message: string): void {
    if (key === alarm) return
    alarm = key
    onCondition({ rule: 'technical.influx', active: key !== null, message })
  }

  return {
    good() {
      change('good', null)
      tell(null, 'InfluxDB takes readings')
    },
    refused(status, words) {
      change('refused', words)
      tell(`refused ${status}`, `InfluxDB refuses us: ${words}. ${remedy(options, status)}`)
    },
    away(words) {
      change('away', words)
      if (clock.monotonic() - awaySinceMs >= awayAlarmMs) tell('away', `InfluxDB is away: ${words}. Readings are kept and sent when it is back.`)
    },
    state: () => ({ state, since, reason }),
  }
}

/** What a person does about a refusal. */
function remedy(options: InfluxOptions, status: number): string {
  switch (status) {
    case 401:
      return options.version === 1 ? 'Set influx.username and influx.password.' : 'Set influx.token to a token that may write.'
    case 403:
      return options.version === 1
        ? `Let the user write: influx -execute 'GRANT WRITE ON "${options.database}" TO "${options.username ?? ''}"'.`
        : `Give the token write access to the bucket "${options.bucket}".`
    case 404:
      return options.version === 1
        ? `Create the database: influx -execute 'CREATE DATABASE "${options.database}"'.`
        : `Create the bucket: influx bucket create --org "${options.org}" --name "${options.bucket}", or set influx.org and influx.bucket to ones that exist.`
    default:
      return `Is ${options.url} an InfluxDB ${options.version}?`
  }
}
