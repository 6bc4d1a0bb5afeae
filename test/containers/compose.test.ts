import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../gateway/config/load.ts'
import { loadRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { readDockerfile } from '../support/dockerfile.ts'
import { run } from '../support/programs.ts'
import { tempDir } from '../support/temp-dir.ts'

interface Service {
  readonly image: string
  readonly build?: string
  readonly profiles?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly ports?: readonly string[]
  readonly restart: string
  readonly healthcheck?: object
  readonly mem_limit: string
  readonly security_opt: readonly string[]
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, { file: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
const example = new Map([...readFileSync(join(root, '.env.example'), 'utf8').matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]))
const compose = parse(substitute(text), { merge: true }) as Compose
const services = Object.entries(compose.services)

/** What Compose does with ${NAME:-default} in values, with the values of .env.example. */
function substitute(yaml: string): string {
  return yaml.replace(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g, (_, name: string, otherwise?: string) => example.get(name) ?? otherwise ?? '')
}

describe('docker-compose.yml', () => {
  it('fits the schema of the Compose specification', () => {
    const schemas = join(dirname(createRequire(import.meta.url).resolve('dclint/package.json')), 'schemas/compose.schema.json')
    const { $schema: _, ...schema } = JSON.parse(readFileSync(schemas, 'utf8')) as Record<string, unknown>
    const validate = new Ajv({ strict: false, allErrors: true, formats: { duration: true } }).compile(schema)
    validate(compose)
    expect(validate.errors ?? []).toEqual([])
    expect(validate({ services: { gateway: { imag: 'limen' } } })).toBe(false)
  })

  it('explains every variable in .env.example, with the same default, and names none that is not used', () => {
    const used = new Map([...text.matchAll(/\$\{([A-Z_]+)(?::-([^}]*))?\}/g)].map(([, name, otherwise]) => [name!, otherwise]))
    expect(Object.fromEntries(used)).toEqual(Object.fromEntries(example))
  })

  it('has no secret in the file, and starts nothing without one that somebody made', () => {
    for (const [, service] of services) {
      const secret = Object.entries(service.environment ?? {}).filter(([name]) => /PASSWORD|TOKEN|SECRET/.test(name))
      for (const [name, value] of secret) expect([name, value]).toEqual([expect.stringMatching(/_FILE$/), expect.stringMatching(/^\/run\/secrets\//)])
      for (const [, value] of secret) expect(service.secrets).toContain(value.replace('/run/secrets/', ''))
    }
    expect([...example.keys()].filter((name) => /PASSWORD|TOKEN|SECRET/.test(name))).toEqual([])
  })

  it('gets its secrets from docker/secrets.sh, at random, each once', async () => {
    const there = tempDir()
    await run('sh', ['-c', 'mkdir "$1/docker" && cp docker/secrets.sh "$1/docker/"', '-', there], { cwd: root })
    expect((await run('sh', ['docker/secrets.sh'], { cwd: there })).code).toBe(0)
    const secrets = (): string[] => Object.values(compose.secrets).map(({ file }) => readFileSync(join(there, file), 'utf8'))
    const made = secrets()
    expect(new Set(made).size).toBe(4)
    for (const secret of made) expect(secret).toMatch(/^[0-9a-f]{48}$/)
    expect((await run('sh', ['docker/secrets.sh'], { cwd: there })).out).not.toContain('made ')
    expect(secrets()).toEqual(made)
  })

  it('mounts only what the repository has, and declares every volume', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes)
    for (const mount of mounts) {
      const [from] = mount.split(':') as [string]
      if (from.startsWith('./')) expect([from, existsSync(join(root, from)), mount.endsWith(':ro')]).toEqual([from, true, true])
      else expect(Object.keys(compose.volumes)).toContain(from)
    }
    expect(mounts.length).toBeGreaterThan(5)
  })

  it('pins every image, and publishes on this machine only unless told otherwise', () => {
    for (const [name, { image, ports = [] }] of services) {
      expect([name, image]).toEqual([name, expect.stringMatching(/^[\w/.-]+:\d+\.\d+\.\d+$/)])
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
    }
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(example.get('LIMEN_IMAGE')).toBe(`limen:${version}`)
  })

  it('watches, limits and restarts what runs on', () => {
    for (const [name, service] of services) {
      expect([name, service.security_opt, service.mem_limit]).toEqual([name, ['no-new-privileges:true'], expect.stringMatching(/^\d+[mg]$/)])
      expect([name, service.restart]).toEqual([name, name === 'credentials' ? 'no' : 'unless-stopped'])
      // The gateway's is in the image.
      if (service.build === undefined) expect([name, service.healthcheck]).toEqual([name, expect.objectContaining({ test: expect.anything() })])
    }
    expect(services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual(['credentials', 'gateway', 'influxdb'])
    expect(compose.services['grafana']?.profiles).toEqual(['grafana'])
    expect(compose.services['simulator']?.profiles).toEqual(['demo'])
  })

  it('gives the gateway settings that it understands, together with those of the image and of docker/site', async () => {
    const secrets = tempDir()
    const env = { ...readDockerfile().env, ...compose.services['gateway']!.environment }
    for (const [name, value] of Object.entries(env)) if (value.startsWith('/run/secrets/')) env[name] = join(secrets, value.replace('/run/secrets/', ''))
    await run('sh', ['-c', 'for name in admin_password influx_token; do echo "of $name" > $name; done'], { cwd: secrets })
    const site = join(root, 'docker/site')
    const config = await loadConfig({ cwd: site, env })
    expect(config).toMatchObject({ site: 'limen', dataDir: '/data', mqtt: { host: '0.0.0.0', port: 1883 }, http: { host: '0.0.0.0', port: 8080 }, auth: { insecure: true } })
    expect(config.auth.adminPassword?.reveal()).toBe('of admin_password')
    expect(config.influx).toMatchObject({ version: 2, url: expect.stringMatching(/^http:\/\/influxdb:8086\/?$/), org: example.get('INFLUX_ORG'), bucket: example.get('INFLUX_BUCKET') })
    const rules = await loadRules(config.rules, { baseDir: site, cwd: site, kinds: kindSchemas, targets: new Set() })
    expect([rules.problems, rules.rules.map(({ id }) => id)]).toEqual([[], ['spo2-low', 'heart-rate']])
  })

  it('sets InfluxDB and Grafana up with the names that the gateway uses', () => {
    const { gateway, influxdb, grafana } = compose.services as Record<'gateway' | 'influxdb' | 'grafana', Service>
    const of = ({ environment }: Service, name: string): string | undefined => environment?.[name]
    expect(of(influxdb, 'DOCKER_INFLUXDB_INIT_ORG')).toBe(of(gateway, 'LIMEN_INFLUX__ORG'))
    expect(of(influxdb, 'DOCKER_INFLUXDB_INIT_BUCKET')).toBe(of(gateway, 'LIMEN_INFLUX__BUCKET'))
    expect(of(influxdb, 'DOCKER_INFLUXDB_INIT_ADMIN_TOKEN_FILE')).toBe(of(gateway, 'LIMEN_INFLUX__TOKEN_FILE'))
    expect([of(grafana, 'INFLUX_ORG'), of(grafana, 'INFLUX_BUCKET')]).toEqual([of(gateway, 'LIMEN_INFLUX__ORG'), of(gateway, 'LIMEN_INFLUX__BUCKET')])
  })
})
