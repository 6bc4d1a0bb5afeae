import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { startLimen } from '../support/programs.ts'
import { tempDir } from '../support/temp-dir.ts'

const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url))

function run(args: readonly string[], options: { cwd: string; env?: Record<string, string>; before?: string }): Promise<{ code: number; out: string; err: string }> {
  const command = options.before === undefined ? [main, ...args] : ['--import', `data:text/javascript,${encodeURIComponent(options.before)}`, main, ...args]
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: options.cwd, env: { PATH: process.env['PATH'] ?? '', ...options.env } }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

describe('the program', () => {
  it('exits with what the command gives', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'bad.yaml'), 'port: 1\n')
    const [good, bad, usage] = await Promise.all([run(['check'], { cwd }), run(['check', '--config', 'bad.yaml'], { cwd }), run(['chek'], { cwd })])
    expect([good.code, bad.code, usage.code]).toEqual([0, 1, 2])
    expect(good.out).toMatch(/^ok: /)
    expect(bad.out).toMatch(/^bad\.yaml:1:1 port: /)
    expect(usage).toMatchObject({ out: '', err: 'limen: unknown command "chek"; did you mean "check"?\n' })
  })

  it('says in one line that an older Node will not do', async () => {
    const before = 'Object.defineProperty(process.versions, "node", { value: "22.18.0" })'
    const { code, out, err } = await run(['--version'], { cwd: tempDir(), before })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^limen: needs Node 24\.15 or later, this is 22\.18\.0; [^\n]+\n$/)
  })

  it('keeps compiled code where the user or systemd says, when that is asked for', async () => {
    const cwd = tempDir()
    const cache = join(cwd, 'cache')
    expect((await run(['--version'], { cwd, env: { NODE_COMPILE_CACHE: cache } })).code).toBe(0)
    expect(existsSync(cache) && readdirSync(cache).length).toBeGreaterThan(0)
  })

  it.runIf(existsSync('/proc/self/cmdline'))('bounds its heap also where no compiled code can be kept, as on a read-only disk', async () => {
    const gateway = await startLimen(process.execPath, [main, 'start'], { cwd: tempDir(), env: { NODE_DISABLE_COMPILE_CACHE: '1', LIMEN_MQTT__PORT: '0', LIMEN_HTTP__PORT: '0' } })
    const words = readFileSync(`/proc/${gateway.pid}/cmdline`, 'utf8').split('\0')
    expect(words.filter((word) => word === '--expose-gc' || word.startsWith('--max-semi-space-size='))).toHaveLength(2)
    expect((await gateway.stop()).code).toBe(0)
  })
})
