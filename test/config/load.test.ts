import { mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Config, ConfigOverrides } from '../../gateway/config/config.ts'
import { inspectConfig, loadConfig } from '../../gateway/config/load.ts'
import { formatProblem } from '../../gateway/kernel/problem.ts'
import { tempDir } from '../support/temp-dir.ts'

interface Given { file?: string; env?: Record<string, string>; overrides?: ConfigOverrides; path?: string }

function write(given: Given): { cwd: string; env: Record<string, string>; overrides: ConfigOverrides | undefined; path: string | undefined } {
  const cwd = tempDir()
  if (given.file !== undefined) writeFileSync(join(cwd, 'limen.yaml'), given.file)
  return { cwd, env: given.env ?? {}, overrides: given.overrides, path: given.path }
}

const load = (given: Given): Promise<Config> => loadConfig(write(given))
const problemsOf = async (given: Given): Promise<string[]> => (await inspectConfig(write(given))).problems.map(formatProblem)

describe('the configuration', () => {
  it('has the defaults of the public contract where nothing is said', async () => {
    const options = write({})
    expect(await loadConfig(options)).toEqual({
      file: undefined,
      baseDir: options.cwd,
      site: hostname(),
      dataDir: join(options.cwd, 'data'),
      mqtt: { host: '127.0.0.1', port: 1883, maxPacketSizeBytes: 262_144 },
      http: { host: '127.0.0.1', port: 8080 },
      auth: { loopback: 'trusted', insecure: false, adminPassword: undefined },
      store: { commitWindowMs: 50 },
      devices: new Map(),
      rules: [],
      targets: new Map(),
      influx: undefined,
      flows: { mode: 'child', maxMemoryBytes: 256 * 1024 ** 2, nice: 19, environment: {} },
      retention: { readingsMs: 30 * 86_400_000, maxSizeBytes: 2 * 1024 ** 3 },
    })
  })

  it('is the defaults for an empty file, a file of comments, and sections left empty', async () => {
    for (const file of ['', '# nothing yet\n', '\uFEFF', 'mqtt:\nhttp: {}\nrules:\ninflux:\n', '---\n']) {
      const config = await load({ file })
      expect([config.mqtt.port, config.http.port, config.rules, config.influx]).toEqual([1883, 8080, [], undefined])
    }
  })

  it('runs flows where only this machine reaches the editor, unless told otherwise', async () => {
    const flowsOf = async (file: string, env: Record<string, string> = {}) => (await load({ file, env })).flows
    expect((await flowsOf('http: { host: localhost }')).mode).toBe('child')
    expect((await flowsOf('mqtt: { host: 0.0.0.0 }')).mode).toBe('child')
    expect((await flowsOf('http: { host: 0.0.0.0 }')).mode).toBe('off')
    expect((await flowsOf('http: { host: 192.0.2.1 }\nflows: { maxMemory: 1GiB }'))).toMatchObject({ mode: 'off', maxMemoryBytes: 1024 ** 3 })
    expect((await flowsOf('http: { host: 0.0.0.0 }\nflows: { mode: child }')).mode).toBe('child')
    expect((await flowsOf('flows: { mode: off }')).mode).toBe('off')
    expect((await flowsOf('flows:', { LIMEN_FLOWS__MODE: 'off', LIMEN_FLOWS__MAXMEMORY: '300MiB' }))).toMatchObject({ mode: 'off', maxMemoryBytes: 300 * 1024 ** 2 })
  })

  it('hands nothing of the environment to flows but what is on its list', async () => {
    const env = { PATH: '/bin', TZ: 'UTC', NO_PROXY: 'a', NURSE_CALL_SECRET: 's', LIMEN_INFLUX__TOKEN_FILE: '', NODE_OPTIONS: '--inspect', AWS_SECRET_ACCESS_KEY: 's' }
    expect((await load({ env })).flows.environment).toEqual({ PATH: '/bin', TZ: 'UTC', NO_PROXY: 'a' })
  })

  it('takes command line over environment over file over default', async () => {
    const file = 'data: from-file\nhttp: { port: 1 }\nmqtt: { port: 2 }\n'
    const env = { LIMEN_DATA: 'from-env', LIMEN_HTTP__PORT: '3' }
    const options = write({ file, env, overrides: { data: 'from-command-line' } })
    const config = await loadConfig(options)
    expect(config.dataDir).toBe(join(options.cwd, 'from-command-line'))
    expect([config.http.port, config.mqtt.port, config.store.commitWindowMs]).toEqual([3, 2, 50])
    expect((await loadConfig({ ...options, overrides: undefined })).dataDir).toBe(join(options.cwd, 'from-env'))
    expect((await loadConfig({ ...options, overrides: undefined, env: {} })).dataDir).toBe(join(options.cwd, 'from-file'))
  })

  it('takes paths of the file relative to the file, those of command line and environment relative to where one stands', async () => {
    const cwd = tempDir()
    mkdirSync(join(cwd, 'etc'))
    writeFileSync(join(cwd, 'etc', 'limen.yaml'), 'data: ../var\n')
    const inEtc = { cwd, env: {}, path: 'etc/limen.yaml' }
    expect(await loadConfig(inEtc)).toMatchObject({ file: join(cwd, 'etc', 'limen.yaml'), baseDir: join(cwd, 'etc'), dataDir: join(cwd, 'var') })
    expect((await loadConfig({ ...inEtc, overrides: { data: 'd' } })).dataDir).toBe(join(cwd, 'd'))
    expect((await loadConfig({ ...inEtc, env: { LIMEN_DATA: 'e' } })).dataDir).toBe(join(cwd, 'e'))
  })

  it('is frozen all the way down', async () => {
    const config = await load({ file: 'devices: { a: { labels: { x: y } } }\ntargets: { t: { mqtt: { topic: t } } }\n' })
    for (const part of [config, config.mqtt, config.rules, config.devices.get('a'), config.devices.get('a')!.labels, config.targets.get('t')]) expect(Object.isFrozen(part)).toBe(true)
  })

  it('reads devices: type, labels as text, every further key a setting', async () => {
    const file = 'devices:\n  bed-1: { type: ward-monitor, labels: { floor: 3, on: true }, news2Scale: 2, settings: { deep: { a: [1] } } }\n  __proto__: { constructor: 1 }\n'
    const { devices } = await load({ file })
    expect(devices.get('bed-1')).toEqual({ type: 'ward-monitor', labels: { floor: '3', on: 'true' }, settings: { news2Scale: 2, deep: { a: [1] } } })
    expect(devices.get('__proto__')).toEqual({ type: null, labels: {}, settings: { constructor: 1 } })
  })

  it('reads what holds for a metric as a setting, as it is written, once it is known to be right', async () => {
    const written = { spo2: { unit: 'percent', flat: { span: '30min' } }, 'temp*': { unit: '°C' } }
    const { devices } = await load({ file: `devices:\n  "bed-*": { metrics: ${JSON.stringify(written)} }\n  bed-1: { settings: { metrics: {} } }\n` })
    expect(devices.get('bed-*')).toEqual({ type: null, labels: {}, settings: { metrics: written } })
    expect(devices.get('bed-1')!.settings).toEqual({ metrics: {} })
    await expect(load({ file: 'devices: { a: { metrics: { spo2: { unit: x } } } }' })).rejects.toMatchObject({ problems: [{ line: 1, column: 42, path: 'devices.a.metrics.spo2.unit' }] })
  })

  it('reads targets with their secrets from the environment, and shows no secret', async () => {
    const file = 'targets:\n  w: { webhook: { url: "https://x.example/", secretEnv: W_SECRET, timeout: 2s, allowPrivate: true } }\n  m: { mqtt: { url: "mqtt://x", topic: t, qos: 0, username: u, passwordEnv: LIMEN_M_PASSWORD } }\n'
    const config = await load({ file, env: { W_SECRET: 'hunter2', LIMEN_M_PASSWORD: 'hunter3' } })
    const [w, m] = [config.targets.get('w'), config.targets.get('m')]
    expect(w).toMatchObject({ kind: 'webhook', url: 'https://x.example/', timeoutMs: 2_000, allowPrivate: true })
    expect(m).toMatchObject({ kind: 'mqtt', url: 'mqtt://x', topic: 't', qos: 0, username: 'u' })
    expect([w?.kind === 'webhook' && w.secret?.reveal(), m?.kind === 'mqtt' && m.password?.reveal()]).toEqual(['hunter2', 'hunter3'])
    expect(`${JSON.stringify([...config.targets])} ${String(w?.kind === 'webhook' && w.secret)}`).not.toContain('hunter')
  })

  it('does without secrets for commands that send nothing', async () => {
    const file = 'targets: { w: { webhook: { url: "https://x.example", secretEnv: W } } }'
    await expect(load({ file })).rejects.toMatchObject({ problems: [{ message: 'the environment variable W is not set' }] })
    expect([...(await load({ file, overrides: { withoutSecrets: true } })).targets.keys()]).toEqual(['w'])
  })

  it('reads InfluxDB 1 and 2', async () => {
    const one = await load({ file: 'influx: { version: 1, url: "http://h:8086", database: d, username: u, password: 123 }' })
    expect(one.influx).toMatchObject({ version: 1, url: 'http://h:8086', database: 'd', username: 'u', measurement: 'reading' })
    expect(one.influx?.version === 1 && one.influx.password?.reveal()).toBe('123')
    const two = await load({ file: 'influx: { version: 2, url: "http://h:8086", org: o, bucket: b, measurement: m }', env: { LIMEN_INFLUX__TOKEN: 't' } })
    expect(two.influx).toMatchObject({ version: 2, org: 'o', bucket: 'b', measurement: 'm' })
    expect(two.influx?.version === 2 && two.influx.token.reveal()).toBe('t')
  })

  it('keeps rules written in place with their lines', async () => {
    const { rules } = await load({ file: 'rules:\n  - a/*.yaml\n  - id: x\n    on: {}\n' })
    expect(rules).toMatchObject([{ kind: 'files', pattern: 'a/*.yaml', path: 'rules[0]' }, { kind: 'inline', path: 'rules[1]', node: { kind: 'map', place: { file: 'limen.yaml', line: 3, column: 5 } } }])
  })

  it('throws one error that carries every problem', async () => {
    const loading = load({ file: 'a: 1\nb: 2\nhttp: { port: x }\n', env: { LIMEN_NONSENSE: '1' } })
    await expect(loading).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: 'the configuration has 4 errors', problems: { length: 4 } })
  })
})

describe('settings from the environment', () => {
  it('understands camelCase in capitals, with or without underscores', async () => {
    expect((await load({ env: { LIMEN_MQTT__MAXPACKETSIZE: '1MiB' } })).mqtt.maxPacketSizeBytes).toBe(1024 ** 2)
    expect((await load({ env: { LIMEN_MQTT__MAX_PACKET_SIZE: '2MiB' } })).mqtt.maxPacketSizeBytes).toBe(2 * 1024 ** 2)
  })

  it('reads the file that a name ending in _FILE names, without its line end', async () => {
    const options = write({ env: { LIMEN_AUTH__ADMIN_PASSWORD_FILE: 'pw', LIMEN_SITE_FILE: 'site' } })
    writeFileSync(join(options.cwd, 'pw'), 'correct horse\n')
    writeFileSync(join(options.cwd, 'site'), ' ward-9\r\n')
    const config = await loadConfig(options)
    expect([config.auth.adminPassword?.reveal(), config.site]).toEqual(['correct horse', 'ward-9'])
  })

  it('reads a secret that secretEnv names from a file too', async () => {
    const options = write({ file: 'targets: { w: { webhook: { url: "https://x.example", secretEnv: W } } }', env: { W_FILE: 'secret' } })
    writeFileSync(join(options.cwd, 'secret'), 'hunter2\n')
    const target = (await loadConfig(options)).targets.get('w')
    expect(target?.kind === 'webhook' && target.secret?.reveal()).toBe('hunter2')
  })

  it('takes lists and mappings as YAML', async () => {
    const config = await load({ env: { LIMEN_RULES: '[a.yaml, b.yaml]', LIMEN_DEVICES: '{ bed-1: { type: t } }' } })
    expect(config.rules).toMatchObject([{ pattern: 'a.yaml' }, { pattern: 'b.yaml' }])
    expect(config.devices.get('bed-1')?.type).toBe('t')
  })

  it('finds the targets and devices of the file whatever their punctuation', async () => {
    const config = await load({ file: 'targets: { nurse-call: { webhook: { url: "https://a.example" } } }', env: { LIMEN_TARGETS__NURSE_CALL__WEBHOOK__URL: 'https://b.example' } })
    expect(config.targets.get('nurse-call')).toMatchObject({ url: 'https://b.example' })
  })

  it('counts an empty value as not set', async () => {
    expect((await load({ env: { LIMEN_HTTP__PORT: '', LIMEN_SITE_FILE: '' } })).http.port).toBe(8080)
  })

  it('leaves alone what is not for Limen', async () => {
    expect((await load({ env: { LIMENADE: '1', HTTP__PORT: 'x' } })).http.port).toBe(8080)
  })

  it.each([
    [{ LIMEN_HTP__PORT: '1' }, 'environment LIMEN_HTP__PORT: fits no setting; did you mean "LIMEN_HTTP__PORT"?'],
    [{ LIMEN_HTTP__PROT: '1' }, 'environment LIMEN_HTTP__PROT: fits no setting; did you mean "LIMEN_HTTP__PORT"?'],
    [{ LIMEN_HTTP: '1' }, 'environment LIMEN_HTTP: fits no setting; it names a group of settings; write e.g. LIMEN_HTTP__HOST'],
    [{ LIMEN_HTTP__PORT: '80a' }, 'environment LIMEN_HTTP__PORT: expected a port number 0…65535, found "80a"; write e.g. LIMEN_HTTP__PORT=8080'],
    [{ LIMEN_RULES: '[a' }, 'environment LIMEN_RULES: is not YAML; write e.g. [rules/*.yaml]'],
    [{ LIMEN_SITE: 'a', LIMEN_SITE_FILE: 'b' }, 'environment LIMEN_SITE: LIMEN_SITE and LIMEN_SITE_FILE are both set; set one of them'],
    [{ LIMEN_SITE_FILE: '/nowhere/at/all' }, 'environment LIMEN_SITE: the file of LIMEN_SITE_FILE cannot be read (ENOENT); check /nowhere/at/all and who may read it'],
    [{ LIMEN_TARGETS__X__WEBHOOK__URL: 'https://x' }, 'environment LIMEN_TARGETS__X__WEBHOOK__URL: fits no setting; leave it out'],
  ])('says what is wrong with %j', async (env, line) => {
    expect(await problemsOf({ env })).toEqual([line])
  })

  it('shows nothing of a secret that cannot be used', async () => {
    const file = 'influx: { version: 2, url: "https://admin:hunter2@h", org: o, bucket: b, token: [hunter2] }\n'
    expect((await problemsOf({ file, env: { LIMEN_INFLUX__PASSWORD: 'hunter2' } })).join('\n')).not.toContain('hunter2')
  })
})
