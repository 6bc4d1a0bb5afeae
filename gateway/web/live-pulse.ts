import type { Clock } from '../kernel/clock.ts'
import type { StoreReader } from '../kernel/contracts.ts'
import type { DeviceRegistry } from '../kernel/device-contracts.ts'
import type { Health, Pulse } from '../kernel/live.ts'

/** Counts per commit, not per reading. */
export interface PulseSource {
  start(): void
  stop(): void
  /** As a frame of the live socket, without an id: it is not of the log. */
  frame(): string
}

export function createPulseSource(deps: { store: Pick<StoreReader, 'follow' | 'lastPosition'>; devices: Pick<DeviceRegistry, 'count'>; health: () => Health; clock: Clock }): PulseSource {
  const { store, devices, health, clock } = deps
  let unfollow: (() => void) | undefined
  let readings = 0
  let newest: number | null = null

  return {
    start() {
      unfollow ??= store.follow((_last, count = 0) => {
        if (count === 0) return
        readings += count
        newest = clock.wall()
      })
    },
    stop() {
      unfollow?.()
      unfollow = undefined
    },
    frame() {
      const pulse: Pulse = { now: clock.wall(), newest, readings, devices: devices.count(), last: store.lastPosition(), health: health() }
      return `event: pulse\ndata: ${JSON.stringify(pulse)}\n\n`
    },
  }
}
