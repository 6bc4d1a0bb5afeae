import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkCommand } from '../../gateway/cli/check.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { tempDir } from '../support/temp-dir.ts'

const cases = fileURLToPath(new URL('../cases/check/', import.meta.url))

async function check(cwd: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<{ code: number; out: string }> {
  const cli = createCapturedCli({ cwd, env })
  const code = await checkCommand(args, cli.deps)
  return { code, out: cli.out() }
}

describe('limen check, golden cases', () => {
  for (const name of readdirSync(cases).sort()) {
    it(`says of ${name} what expected.txt says`, async () => {
      const directory = join(cases, name)
      const { code, out } = await check(directory, ['--config', 'limen.yaml'])
      expect(`${out}exit ${code}\n`).toBe(readFileSync(join(directory, 'expected.txt'), 'utf8'))
    })
  }

  it('has at least 25 broken ones and 3 good ones', () => {
    const endings = readdirSync(cases).map((name) => readFileSync(join(cases, name, 'expected.txt'), 'utf8').trim().split('\n').at(-1))
    expect(endings.filter((ending) => ending === 'exit 1').length).toBeGreaterThanOrEqual(25)
    expect(endings.filter((ending) => ending === 'exit 0').length).toBeGreaterThanOrEqual(3)
  })

  it('never shows what stands where a password belongs', () => {
    for (const name of readdirSync(cases)) expect(readFileSync(join(cases, name, 'expected.txt'), 'utf8')).not.toContain('hunter2')
  })
})

describe('limen check', () => {
  it('takes limen.yaml of the working directory when no file is named', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'limen.yaml'), 'sitee: x\n')
    expect(await check(cwd)).toEqual({ code: 1, out: 'limen.yaml:1:1 sitee: unknown key "sitee"; did you mean "site"?\n1 error\n' })
  })

  it('says that the defaults apply where there is no file', async () => {
    expect(await check(tempDir())).toEqual({ code: 0, out: 'ok: 0 rules, 0 targets, 0 devices, no InfluxDB; no limen.yaml here, the defaults apply\n' })
  })

  it('says that a file that was named is not there', async () => {
    const { code, out } = await check(tempDir(), ['--config', 'nope.yaml'])
    expect(code).toBe(1)
    expect(out).toContain('nope.yaml: there is no such file; write the path of a limen.yaml, or make one with: limen init')
  })

  it('says that a directory is no file', async () => {
    const { out } = await check(tempDir(), ['--config', '.'])
    expect(out).toContain('is a directory')
  })

  it('looks at the environment too', async () => {
    const { code, out } = await check(tempDir(), [], { LIMEN_HTTP__PORT: 'abc' })
    expect(code).toBe(1)
    expect(out).toContain('environment LIMEN_HTTP__PORT: expected a port number 0…65535, found "abc"; write e.g. LIMEN_HTTP__PORT=8080')
  })

  it('refuses a file that is far too large without reading it', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'limen.yaml'), Buffer.alloc(5 * 1024 * 1024, 35))
    const { code, out } = await check(cwd)
    expect(code).toBe(1)
    expect(out).toContain('limen.yaml: has 5242880 bytes, too many for a configuration')
  })
})
