/** limen.yaml (interface.md "Configuration"): every key, its form, its default. The compiler holds it to config.ts. */
import { duration, size } from '../kernel/quantity-shape.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import { createSecret } from '../kernel/secret.ts'
import type { Shape } from '../kernel/shape.ts'
import { boolean, describe, invalid, list, notInThisVersion, number, object, oneOf, optional, present, problemAt, refine, section, text } from '../kernel/shape.ts'
import { devicesShape } from './devices.ts'
import { influxShape } from './influx.ts'
import type { SecretLookup } from './targets.ts'
import { targetsShape } from './targets.ts'
import { host, path, port, secret } from './words.ts'

const site = text({ expected: 'a name without spaces', example: 'ward-3', check: (written) => /^[^\s+#\p{C}]{1,200}$/u.test(written) })

const tls = notInThisVersion('TLS')

const mqtt = object(
  { host: optional(host, '127.0.0.1'), port: optional(port('1883'), 1883), maxPacketSize: optional(size({ min: '1KiB', max: '256MiB', example: '256KiB' }), 256 * 1024), tls },
  { expected: 'settings of the broker', example: '{ host: 127.0.0.1, port: 1883 }' },
)

const http = object(
  { host: optional(host, '127.0.0.1'), port: optional(port('8080'), 8080), tls },
  { expected: 'settings of the web server', example: '{ host: 127.0.0.1, port: 8080 }' },
)

/** Only from the environment: a password in a configuration file ends in a repository. */
const adminPassword = refine(secret, (password, at) =>
  at.node.place.line === 0 ? createSecret(password) : at.refuse('a password does not belong into the file', 'set LIMEN_AUTH__ADMIN_PASSWORD_FILE, or run: limen user add NAME --role admin'))

const auth = object(
  { loopback: optional(oneOf('trusted', 'required'), 'trusted'), insecure: optional(boolean, false), adminPassword: optional(adminPassword) },
  { expected: 'settings of the log-in', example: '{ loopback: trusted }' },
)

const store = object({ commitWindow: optional(duration({ min: '0ms', max: '1s', example: '50ms' }), 50) }, { expected: 'settings of the store', example: '{ commitWindow: 50ms }' })

const retention = object(
  { readings: optional(duration({ min: '1s', example: '30d' }), 30 * 86_400_000), maxSize: optional(size({ min: '1MiB', example: '2GiB' }), 2 * 1024 ** 3) },
  { expected: 'how long and how much to keep', example: '{ readings: 30d, maxSize: 2GiB }' },
)

/** Below `min` Node-RED does not come up. Without a mode: as http.host decides. */
const flows = object(
  {
    mode: optional(oneOf('child', 'off')),
    maxMemory: optional(size({ min: '160MiB', max: '16GiB', example: '256MiB' }), 256 * 1024 ** 2),
    nice: optional(number({ expected: 'a whole number 0…19', example: '19', min: 0, max: 19, integer: true }), 19),
  },
  { expected: 'settings of the Node-RED flows', example: '{ mode: child }' },
)

export const ruleSourceShape: Shape<RuleSource> = {
  expected: 'a file, a glob, or a rule',
  example: 'rules/*.yaml',
  read(node, where, problems) {
    if (node.kind === 'map') return { kind: 'inline', node, path: where }
    if (node.kind === 'scalar' && typeof node.value === 'string' && node.value.trim() !== '') return { kind: 'files', pattern: node.value, place: node.place, path: where }
    problems.push(problemAt({ place: node.place, path: where }, `expected a file, a glob, or a rule, found ${describe(node)}`, 'write e.g. rules: [rules/*.yaml]'))
    return invalid
  },
}

export function configShape(secrets: SecretLookup) {
  const whole = object(
    {
      site: optional(site),
      data: optional(path),
      mqtt: section(mqtt),
      http: section(http),
      auth: section(auth),
      store: section(store),
      devices: optional(devicesShape),
      sources: notInThisVersion('"sources" (topics besides the built-in ones)'),
      rules: optional({ ...list(ruleSourceShape), example: '[rules/*.yaml]' }),
      routes: notInThisVersion('"routes"'),
      targets: optional(targetsShape(secrets)),
      influx: optional(influxShape),
      flows: section(flows),
      schedules: notInThisVersion('"schedules"'),
      retention: section(retention),
    },
    { expected: 'a configuration', example: '{ site: ward-3 }' },
  )
  return refine(whole, (value, at) => {
    if (value.mqtt.port === 0 || value.mqtt.port !== value.http.port || value.mqtt.host !== value.http.host) return value
    const written = at.node.kind === 'map' && present(at.node, 'http') !== undefined ? 'http' : 'mqtt'
    return at.refuse(`MQTT and HTTP cannot both listen on port ${value.mqtt.port}`, 'give one of them another port', written)
  })
}
