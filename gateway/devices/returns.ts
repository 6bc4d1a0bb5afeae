import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Reachability } from '../kernel/contracts.ts'
import type { Value } from '../kernel/reading.ts'
import type { CommandBook } from './command-book.ts'
import type { CommandLife, Want } from './command-life.ts'
import { type Output, isUndelivered } from './output.ts'
import { sameValue } from './same-value.ts'

/**
 * Devices that go and come back. A command waits while its device cannot be reached; on its return the device's report is
 * awaited (bounded), and only the difference to what is wanted now is commanded (delivery.md, "Actuators").
 */
export interface Returns {
  start(): void
  stop(): void
  /** A new command: sent at once where the device can be reached, else it waits. */
  dispatch(output: Output): void
  /** Looks at every output that has something to wait for. */
  look(): void
  presence(device: string, online: boolean): void
  reported(output: Output, value: Value): void
}

export interface ReturnsDeps {
  readonly clock: Clock
  readonly reachability: Reachability
  readonly book: CommandBook
  readonly life: CommandLife
  readonly wantOf: (output: Output) => Want | undefined
  readonly command: (output: Output, want: Want) => void
}

/** Subscriptions come in bursts when a device connects: looked at once for all of them. */
const lookAfterMs = 20

export function createReturns(options: { readonly reportWithinMs: number }, deps: ReturnsDeps): Returns {
  const { clock, book, life } = deps
  let cancelLook: Cancel | undefined
  let unfollow: (() => void) | undefined

  /** Only these need to be told apart into here and away; of all others it is asked when the time comes. */
  const concerns = (output: Output): boolean => isUndelivered(output.live) || deps.wantOf(output) !== undefined

  function lookAt(output: Output): void {
    if (!concerns(output)) {
      output.reachable = undefined
      return
    }
    const here = life.canReach(output)
    if (!here) away(output)
    else if (output.reachable !== true) back(output)
  }

  function away(output: Output): void {
    output.reachable = false
    output.returning = false
    life.stopTimers(output, 'return')
    life.pause(output)
  }

  function back(output: Output): void {
    output.reachable = true
    output.returning = true
    life.pause(output)
    life.setTimer(output, 'return', { delayMs: options.reportWithinMs, then: () => settle(output, undefined) })
  }

  /** `state`: what the device reports; undefined: it has not. */
  function settle(output: Output, state: Value | undefined): void {
    output.returning = false
    life.stopTimers(output, 'return')
    const { live } = output
    if (isUndelivered(live)) {
      if (state !== undefined && sameValue(state, live.value)) life.finish(output, 'done', 'it had this state already')
      else life.send(output)
      return
    }
    // Accepted and under way: its own time decides.
    if (live !== undefined) return
    const want = deps.wantOf(output)
    if (want === undefined) return
    if (state === undefined || !sameValue(state, want.value)) deps.command(output, want)
  }

  function look(): void {
    for (const output of book.outputs()) lookAt(output)
  }

  return {
    start() {
      unfollow ??= deps.reachability.onChange(() => {
        cancelLook ??= clock.after(lookAfterMs, () => {
          cancelLook = undefined
          look()
        })
      })
    },
    stop() {
      unfollow?.()
      unfollow = undefined
      cancelLook?.()
      cancelLook = undefined
    },
    dispatch(output) {
      if (!life.canReach(output)) return away(output)
      // It has come back, and nobody has looked yet.
      if (output.reachable === false) return back(output)
      output.reachable = true
      if (!output.returning) life.send(output)
    },
    look,
    presence(device, online) {
      for (const output of book.ofDevice(device)) {
        away(output)
        if (online) lookAt(output)
      }
    },
    reported(output, value) {
      if (output.returning) settle(output, value)
      // What is owed has come about by itself.
      else if (output.owed !== null && sameValue(output.owed.value, value)) {
        output.owed = null
        book.writeOutput(output)
      }
    },
  }
}
