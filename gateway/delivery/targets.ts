import type { Clock } from '../kernel/clock.ts'
import type { Announcer, StoreWriter, Target } from '../kernel/contracts.ts'
import type { Logger } from '../kernel/log.ts'
import { type MqttTargetOptions, createMqttTarget } from './targets/mqtt.ts'
import { type WebhookOptions, createWebhook } from './targets/webhook.ts'
import type { TargetEntry } from './worker.ts'

export interface TargetDeps {
  readonly clock: Clock
  readonly logger: Logger
  readonly announcer: Announcer
  readonly store: Pick<StoreWriter, 'onDisk' | 'urgent'>
}

/** What the configuration says of one target; config/ has the same shape. */
export type TargetOptions =
  | ({ readonly kind: 'webhook'; readonly timeoutMs: number } & WebhookOptions)
  | ({ readonly kind: 'mqtt' } & MqttTargetOptions)

const mqttTimeoutMs = 10_000

/** The list of targets: a new kind is a file in targets/, a member of TargetOptions and a line here. */
export function createTarget(options: TargetOptions, deps: TargetDeps): TargetEntry {
  const { target, timeoutMs } = make(options, deps)
  return { target, timeoutMs, concurrency: 4 }
}

function make(options: TargetOptions, deps: TargetDeps): { readonly target: Target; readonly timeoutMs: number } {
  switch (options.kind) {
    case 'webhook':
      return { target: createWebhook(options, deps), timeoutMs: options.timeoutMs }
    case 'mqtt':
      return { target: createMqttTarget(options, deps), timeoutMs: mqttTimeoutMs }
    default:
      return options satisfies never
  }
}

/** One entry a name, for createDelivery. */
export function createTargets(options: ReadonlyMap<string, TargetOptions>, deps: TargetDeps): ReadonlyMap<string, TargetEntry> {
  return new Map([...options].map(([name, target]) => [name, createTarget(target, deps)]))
}
