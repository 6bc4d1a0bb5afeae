import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { unitTemplate } from '../../gateway/cli/init-files.ts'
import { runCommandLine } from '../../gateway/cli/run.ts'
import { loadConfig } from '../../gateway/config/load.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { tempDir } from '../support/temp-dir.ts'

async function limen(cwd: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const cli = createCapturedCli({ cwd })
  const code = await runCommandLine(args, cli.deps)
  return { code, out: cli.out(), err: cli.err() }
}

describe('limen init', () => {
  it('writes files that pass limen check as they are', async () => {
    const cwd = tempDir()
    expect(await limen(cwd, 'init', 'site')).toMatchObject({ code: 0, err: '' })
    expect(await limen(join(cwd, 'site'), 'check')).toEqual({ code: 0, out: 'ok: 8 rules, 0 targets, 0 devices, no InfluxDB\n', err: '' })
  })

  it('writes a limen.yaml whose every value is the default', async () => {
    const cwd = tempDir()
    await limen(cwd, 'init')
    const { file: _, rules: _rules, ...written } = await loadConfig({ cwd, env: {} })
    const { file: _none, rules: _no, ...defaults } = await loadConfig({ cwd: join(cwd, 'rules'), env: {}, overrides: { data: '../data' } })
    expect({ ...written, baseDir: '' }).toEqual({ ...defaults, baseDir: '' })
  })

  it('writes examples in comments that are right once the # is taken away', async () => {
    const cwd = tempDir()
    await limen(cwd, 'init')
    const text = readFileSync(join(cwd, 'limen.yaml'), 'utf8').replace(/^# (?=(site|devices|targets|  ))/gm, '').replace(/^# (?=influx: \{ version: 2)/m, '')
    writeFileSync(join(cwd, 'limen.yaml'), text)
    expect(Object.keys(parse(text) as object)).toEqual(expect.arrayContaining(['site', 'devices', 'targets', 'influx']))
    const config = await loadConfig({ cwd, env: { NURSE_CALL_SECRET: 's' } })
    expect([config.site, [...config.devices.keys()], [...config.targets.keys()], config.influx?.version]).toEqual(['ward-3', ['bed-1', 'bed-*'], ['nurse-call', 'upstream'], 2])
  })

  it.each(['limen.yaml', 'limen.service', 'rules/example.yaml'])('writes nothing where %s is there already', async (name) => {
    const cwd = tempDir()
    mkdirSync(join(cwd, 'rules'))
    writeFileSync(join(cwd, name), 'mine')
    const { code, err } = await limen(cwd, 'init')
    expect(code).toBe(1)
    expect(err).toBe(`limen: ${join(cwd, name)} is there already; nothing was written\n  name another directory: limen init DIR\n`)
    expect(readFileSync(join(cwd, name), 'utf8')).toBe('mine')
    expect(['limen.yaml', 'limen.service', 'rules/example.yaml'].filter((other) => existsSync(join(cwd, other)))).toEqual([name])
  })

  it('says where it cannot write', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'file'), '')
    expect(await limen(cwd, 'init', 'file/below')).toMatchObject({ code: 1, err: expect.stringMatching(/^limen: cannot write into .*file\/below \(ENOTDIR\)\n/) })
  })

  it('writes a unit that runs as its own user, shut in, with a watchdog', () => {
    const unit = unitTemplate({ node: '/opt/my node/bin/node', main: '/opt/100%/main.ts', directory: '/etc/limen' })
    expect(unit).toContain('ExecStart="/opt/my node/bin/node" /opt/100%%/main.ts start --config /etc/limen/limen.yaml --data /var/lib/limen\n')
    for (const line of ['User=limen', 'ProtectSystem=strict', 'CapabilityBoundingSet=', 'NoNewPrivileges=yes', 'WatchdogSec=60', 'NotifyAccess=all', 'OOMPolicy=continue', 'StateDirectory=limen', 'CacheDirectory=limen', 'MemoryMax=768M']) expect(unit).toMatch(new RegExp(`^${line}$`, 'm'))
  })

  it('has its unit, with the paths of a usual installation, as limen.service in the repository', () => {
    const unit = unitTemplate({ node: '/usr/local/bin/node', main: '/usr/local/lib/node_modules/limen/dist/gateway/main.js', directory: '/etc/limen' })
    expect(readFileSync(join(import.meta.dirname, '../../limen.service'), 'utf8')).toBe(unit)
  })
})
