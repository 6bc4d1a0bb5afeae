import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { mustRun, run } from '../support/programs.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = resolve(import.meta.dirname, '../..')

/** docker-compose reads and resolves the file without a Docker daemon. */
describe('docker-compose itself', () => {
  it('takes the file as it is, and with the settings of .env.example comes to the same', async () => {
    const cwd = tempDir()
    copyFileSync(join(root, 'docker-compose.yml'), join(cwd, 'docker-compose.yml'))
    const all = ['--profile', 'grafana', '--profile', 'demo', 'config']
    const bare = await mustRun('docker-compose', all, { cwd })
    copyFileSync(join(root, '.env.example'), join(cwd, '.env'))
    expect(await mustRun('docker-compose', all, { cwd })).toBe(bare)
    const { services } = parse(bare) as { services: Record<string, { ports?: unknown }> }
    expect(Object.keys(services).sort()).toEqual(['credentials', 'gateway', 'grafana', 'influxdb', 'simulator'])
  })

  it('would say what is wrong', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'docker-compose.yml'), readFileSync(join(root, 'docker-compose.yml'), 'utf8').replace('restart: unless-stopped', 'restrat: unless-stopped'))
    const { code, err } = await run('docker-compose', ['config', '-q'], { cwd })
    expect([code === 0, err]).toEqual([false, expect.stringContaining('restrat')])
  })
})
