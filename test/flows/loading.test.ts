import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { tempDir } from '../support/temp-dir.ts'

const root = join(import.meta.dirname, '../..')

/** Which files of the flows, and of Node-RED, a gateway has loaded once it runs. */
async function loadedBy(mode: 'off' | 'child'): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from 'node:module'
    const seen = []
    registerHooks({ load: (url, context, next) => (seen.push(url), next(url, context)) })
    const { createGateway } = await import(${JSON.stringify(join(root, 'gateway/gateway.ts'))})
    const { loadConfig } = await import(${JSON.stringify(join(root, 'gateway/config/load.ts'))})
    const { systemClock } = await import(${JSON.stringify(join(root, 'gateway/kernel/clock.ts'))})
    const config = await loadConfig({ cwd: process.cwd(), env: { LIMEN_FLOWS__MODE: '${mode}', LIMEN_MQTT__PORT: '0', LIMEN_HTTP__PORT: '0' } })
    const quiet = { debug() {}, info() {}, warn() {}, error() {} }
    const gateway = createGateway(config, { clock: systemClock, logger: quiet, random: Math.random, version: '0', loadRules: async () => ({ rules: [], texts: new Map(), tables: { tables: [], ids: new Set() }, zones: new Map(), problems: [], files: [], directories: [], fingerprint: '' }), rereadRules: async () => [], onFatal(error) { throw error } })
    await gateway.start()
    console.log(JSON.stringify(seen))
    await gateway.stop()
    process.exit(0)`
  const cwd = tempDir()
  const file = join(cwd, 'run.mjs')
  writeFileSync(file, script)
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd })
  return (JSON.parse(stdout) as string[]).filter((url) => /\/gateway\/flows\/|\/node_modules\/(@node-red|node-red)\//.test(url)).map((url) => url.slice(url.lastIndexOf('/gateway/') + 1))
}

describe('flows that are off', () => {
  it('load nothing, and flows that are on load no Node-RED into the gateway', async () => {
    expect(await loadedBy('off')).toEqual([])
    const on = await loadedBy('child')
    expect(on).toContain('gateway/flows/supervisor.ts')
    expect(on.filter((file) => !file.startsWith('gateway/flows/'))).toEqual([])
  })
})
