import { execFile } from 'node:child_process'
import type { Cancel, Clock } from '../kernel/clock.ts'

/**
 * Tells systemd twice per WatchdogSec that the event loop turns (sd_notify(3) by the systemd-notify command: Node has no
 * datagram sockets of the Unix kind). Without WATCHDOG_USEC in the environment it does nothing. Gives a function that ends it.
 */
export function startWatchdog(env: Readonly<Record<string, string | undefined>>, deps: { clock: Clock; warn: (message: string) => void }): Cancel {
  const periodMs = Number(env['WATCHDOG_USEC'] ?? NaN) / 2_000
  if (!(periodMs > 0) || env['NOTIFY_SOCKET'] === undefined) return () => {}
  let cancel: Cancel = () => {}
  let warned = false
  const tell = (): void => {
    execFile('systemd-notify', ['WATCHDOG=1'], { env: { ...env }, timeout: periodMs }, (error) => {
      if (error !== null && !warned) deps.warn(`systemd was not told that the gateway lives: ${error.message.split('\n')[0] ?? ''}`)
      warned = error !== null
    })
    cancel = deps.clock.after(periodMs, tell)
  }
  tell()
  return () => cancel()
}
