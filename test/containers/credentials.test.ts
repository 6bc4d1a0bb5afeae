import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { mustRun, run, startLimen } from '../support/programs.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = resolve(import.meta.dirname, '../..')
const main = join(root, 'gateway/main.ts')

/** The container's folders and its `limen`, in a folder of their own. */
function scene() {
  const there = tempDir()
  for (const folder of ['data', 'credentials', 'bin']) mkdirSync(join(there, folder))
  writeFileSync(join(there, 'bin/limen'), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`)
  chmodSync(join(there, 'bin/limen'), 0o755)
  writeFileSync(join(there, 'admin'), 'admin password\n')
  const env = {
    PATH: `${join(there, 'bin')}:${process.env['PATH']!}`, CREDENTIALS: join(there, 'credentials'), FIRST_DEVICE: 'bed-1', LIMEN_DATA: join(there, 'data'),
    LIMEN_MQTT__HOST: '0.0.0.0', LIMEN_HTTP__HOST: '0.0.0.0', LIMEN_MQTT__PORT: '0', LIMEN_HTTP__PORT: '0', LIMEN_AUTH__INSECURE: 'true', LIMEN_AUTH__ADMIN_PASSWORD_FILE: join(there, 'admin'),
  }
  return {
    there, env,
    makeCredentials: () => mustRun('sh', [join(root, 'docker/credentials.sh')], { cwd: there, env }),
    secret: (name: string) => readFileSync(join(there, 'credentials', name), 'utf8'),
    limen: (...args: string[]) => run(join(there, 'bin/limen'), args, { cwd: there, env }),
  }
}

describe('the credentials of a fresh container', () => {
  it('are what the gateway misses off loopback, and the simulator logs in with them', async () => {
    const { there, env, makeCredentials, limen } = scene()
    expect(await limen('start')).toMatchObject({ code: 1, err: expect.stringContaining('no device has a credential') })
    await makeCredentials()

    const gateway = await startLimen(process.execPath, [main, 'start'], { cwd: there, env })
    onTestFinished(() => void gateway.stop())
    const url = `mqtt://127.0.0.1:${gateway.mqttPort}`
    const simulate = ['simulate', 'ward', '--devices', '2', '--for', '5s', '--url', url]
    writeFileSync(join(there, 'wrong'), 'guessed\n')
    // Another name: wrong passwords would slow the right one down.
    expect(await limen(...simulate, '--user', 'nobody', '--password-file', 'wrong')).toMatchObject({ code: 1 })
    expect(await limen(...simulate, '--user', 'simulator', '--password-file', 'nowhere')).toMatchObject({ code: 1, err: 'limen simulate: there is no file nowhere\n' })
    expect(await limen(...simulate, '--user', 'simulator', '--password-file', 'credentials/simulator')).toMatchObject({ code: 0, out: expect.stringMatching(/ [1-9]\d* acknowledged/) })
    expect((await gateway.stop()).code).toBe(0)
  })

  it('are made once: a later run changes nothing, and only a lost password of the simulator is made anew', async () => {
    const { there, makeCredentials, secret, limen } = scene()
    await makeCredentials()
    const [device, simulator] = [secret('device'), secret('simulator')]
    await makeCredentials()
    expect([secret('device'), secret('simulator')]).toEqual([device, simulator])

    rmSync(join(there, 'credentials/device'))
    rmSync(join(there, 'credentials/simulator'))
    await makeCredentials()
    expect(() => secret('device')).toThrow('ENOENT')
    expect(secret('simulator')).toMatch(/^[0-9a-z]+\n$/)
    expect(secret('simulator')).not.toBe(simulator)
    expect((await limen('device', 'list')).out.split('\n')).toHaveLength(3)
  })
})
