import { signal } from '@preact/signals'

/** The gateway's wall clock, ms since 1970, moving on every second; it stands still while the gateway is away: what is shown is of then. */
export const now = signal(0)

let heardMs = 0
let heardAt = 0
let frozen = true

/** The gateway said what time it is. */
export function setGatewayTime(wallMs: number): void {
  heardMs = wallMs
  heardAt = performance.now()
  frozen = false
  tick()
}

/** Back to when the gateway was last heard: what is shown is of then, not of when the silence was noticed. */
export function freezeTime(): void {
  frozen = true
  now.value = heardMs
}

/** Finer than `now`, for charts that move. */
export function gatewayTime(): number {
  return frozen ? heardMs : heardMs + performance.now() - heardAt
}

function tick(): void {
  if (!frozen) now.value = gatewayTime()
}

setInterval(tick, 1_000)
