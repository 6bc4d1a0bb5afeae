import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { deviceCommand, userCommand } from '../../gateway/cli/credentials.ts'
import type { CliDeps } from '../../gateway/cli/deps.ts'
import { runCommandLine } from '../../gateway/cli/run.ts'
import { loadConfig } from '../../gateway/config/load.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

function setUp() {
  const cwd = tempDir()
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const deps: CliDeps = {
    stdout, stderr, stdin: new PassThrough(), env: {}, cwd, clock: createFakeClock(),
    loadConfig: (path, overrides) => loadConfig({ path, overrides, env: {}, cwd }),
    onStopSignal: () => () => undefined,
  }
  const text = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? ''
  return { cwd, deps, out: () => text(stdout), err: () => text(stderr) }
}

describe('limen device', () => {
  it('shows the secret once, alone on standard output', async () => {
    const { cwd, deps, out, err } = setUp()
    expect(await deviceCommand(['add', 'bed-1', '--user', 'monitor'], deps)).toBe(0)
    const secret = out()
    expect(secret).toMatch(/^[0-9a-z]{26}\n$/)
    expect(err()).toContain('user name monitor')
    expect(readFileSync(join(cwd, 'data', 'credentials.json'), 'utf8')).not.toContain(secret.trim())
    expect(await deviceCommand(['list'], deps)).toBe(0)
    expect(out()).toBe('device  user     since\nbed-1   monitor  2026-01-01T00:00:00.000Z\n')
    expect(await deviceCommand(['revoke', 'bed-1'], deps)).toBe(0)
    expect(out()).toBe('')
    await deviceCommand(['list'], deps)
    expect(out()).toBe('device  user  since\n')
  })

  it.each([[], ['make', 'x'], ['add'], ['add', 'a', 'b'], ['add', 'a', '--usr', 'u'], ['list', 'x'], ['revoke'], ['add', 'a', '--user']])('says what to write instead of %j', async (...args) => {
    await expect(deviceCommand(args, setUp().deps)).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringMatching(/write|did you mean/) })
  })

  it('keeps the data where --data says', async () => {
    const { cwd, deps } = setUp()
    await deviceCommand(['add', 'bed-1', '--data', 'elsewhere'], deps)
    expect(readFileSync(join(cwd, 'elsewhere', 'credentials.json'), 'utf8')).toContain('bed-1')
  })

  it('refuses a bad id and a duplicate with a remedy', async () => {
    const { deps } = setUp()
    await expect(deviceCommand(['add', 'bed/+'], deps)).rejects.toMatchObject({ code: 'BAD_INPUT', remedy: expect.any(String) })
    await deviceCommand(['add', 'bed-1'], deps)
    await expect(deviceCommand(['add', 'bed-1'], deps)).rejects.toMatchObject({ code: 'CONFLICT', remedy: expect.stringContaining('limen device revoke bed-1') })
    await expect(deviceCommand(['revoke', 'bed-9'], deps)).rejects.toMatchObject({ code: 'NOT_FOUND', remedy: expect.stringContaining('limen device list') })
  })
})

describe('limen user', () => {
  it('adds, lists and revokes', async () => {
    const { deps, out } = setUp()
    expect(await userCommand(['add', 'ada', '--role', 'operator'], deps)).toBe(0)
    expect(out()).toMatch(/^[0-9a-z]{26}\n$/)
    await userCommand(['list'], deps)
    expect(out()).toBe('user  role      since\nada   operator  2026-01-01T00:00:00.000Z\n')
    expect(await userCommand(['revoke', 'ada'], deps)).toBe(0)
  })

  it.each([[], ['add', 'ada'], ['add', 'ada', '--role', 'root'], ['add', '--role', 'admin'], ['revoke']])('says what to write instead of %j', async (...args) => {
    await expect(userCommand(args, setUp().deps)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('exit codes', () => {
  it('are 2 for usage', async () => {
    const { deps, err } = setUp()
    expect(await runCommandLine(['user', 'add', 'ada', '--rôle'], deps)).toBe(2)
    expect(err().split('\n')).toHaveLength(2)
  })
})
