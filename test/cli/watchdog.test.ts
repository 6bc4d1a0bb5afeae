import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startWatchdog } from '../../gateway/cli/watchdog.ts'
import { eventually } from '../support/eventually.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A systemd-notify that writes down what it is told. */
function scene() {
  const directory = tempDir()
  const log = join(directory, 'log')
  writeFileSync(join(directory, 'systemd-notify'), `#!/bin/sh\necho "$1 $NOTIFY_SOCKET" >> ${log}\n`)
  chmodSync(join(directory, 'systemd-notify'), 0o755)
  const told = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  return { env: { PATH: `${directory}:/bin:/usr/bin`, WATCHDOG_USEC: '60000000', NOTIFY_SOCKET: '/run/n' }, told, clock: createFakeClock() }
}

describe('the watchdog of systemd', () => {
  it('is told at once and then twice per period that the process lives, until it is stopped', async () => {
    const { env, told, clock } = scene()
    const stop = startWatchdog(env, { clock, warn: () => {} })
    await eventually('the first word', () => told().length === 1)
    await clock.advance(30_000)
    await eventually('the second word', () => told().length === 2)
    expect(told()).toEqual(['WATCHDOG=1 /run/n', 'WATCHDOG=1 /run/n'])
    const next = clock.after(60_000, () => {})
    stop()
    await clock.advance(60_000)
    next()
    expect(told()).toHaveLength(2)
  })

  it('asks for nothing where systemd does not', async () => {
    const { env, told, clock } = scene()
    startWatchdog({ ...env, WATCHDOG_USEC: undefined }, { clock, warn: () => {} })
    startWatchdog({ ...env, NOTIFY_SOCKET: undefined }, { clock, warn: () => {} })
    await clock.advance(120_000)
    expect(told()).toEqual([])
  })

  it('warns once where there is no systemd-notify', async () => {
    const { env, clock } = scene()
    const warnings: string[] = []
    const stop = startWatchdog({ ...env, PATH: '/nowhere' }, { clock, warn: (message) => void warnings.push(message) })
    await eventually('a warning', () => warnings.length > 0)
    await clock.advance(30_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    stop()
    expect(warnings).toEqual(['systemd was not told that the gateway lives: spawn systemd-notify ENOENT'])
  })
})
