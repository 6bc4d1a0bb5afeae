import { duration } from '../kernel/quantity-shape.ts'
import type { Secret } from '../kernel/secret.ts'
import type { Shape } from '../kernel/shape.ts'
import { boolean, invalid, notInThisVersion, object, optional, oneOf, record, refine, required, text } from '../kernel/shape.ts'
import type { TargetConfig } from './config.ts'
import { isPlainName, name, url, variableName } from './words.ts'

/** Gives the secret in an environment variable, or why there is none. */
export type SecretLookup = (variable: string) => { readonly secret: Secret } | { readonly missing: string; readonly remedy: string }

/** Targets of delivery.md that are to come; a new one moves from here to `kinds` below. */
const laterTargets = ['email', 'command', 'function', 'flow', 'influx', 'ntfy', 'slack', 'telegram', 'pagerduty', 'gotify', 'twilio', 'apprise'] as const

export function targetsShape(secrets: SecretLookup): Shape<ReadonlyMap<string, TargetConfig>> {
  return record(targetShape(secrets), {
    expected: 'targets by name',
    example: '{ nurse-call: { webhook: { url: "https://nurse-call.example/hook" } } }',
    key: (key) => (isPlainName(key) ? undefined : 'a target is named with letters, digits, dot, hyphen and underscore, e.g. nurse-call'),
  })
}

function targetShape(secrets: SecretLookup): Shape<TargetConfig> {
  const kinds = { webhook: optional(webhookShape(secrets)), mqtt: optional(mqttShape(secrets)) }
  const later = Object.fromEntries(laterTargets.map((kind) => [kind, notInThisVersion(`the target kind "${kind}"`, () => false)]))
  return refine(object({ ...later, ...kinds }, { expected: 'a target', example: '{ webhook: { url: "https://nurse-call.example/hook" } }' }), (value, at) => {
    const given = [value.webhook, value.mqtt].filter((target) => target !== undefined)
    if (given.length === 1) return given[0]!
    if (given.length > 1) return at.refuse('a target that is two things', 'make two targets of it', 'mqtt')
    // A target of a later version, or a misspelt one, has been reported already.
    if (at.node.kind === 'map' && at.node.entries.some((entry) => !Object.hasOwn(kinds, entry.key))) return invalid
    return at.refuse('a target of no kind', `write one of ${Object.keys(kinds).join(', ')}`)
  })
}

function webhookShape(secrets: SecretLookup): Shape<TargetConfig> {
  const fields = object(
    {
      url: required(url(['http:', 'https:'], 'https://nurse-call.example/hook')),
      secretEnv: optional(variableName),
      timeout: optional(duration({ min: '100ms', max: '5min' }), 10_000),
      allowPrivate: optional(boolean, false),
    },
    { expected: 'a webhook', example: '{ url: "https://nurse-call.example/hook", secretEnv: NURSE_CALL_SECRET }' },
  )
  return refine(fields, (value, at): TargetConfig | typeof invalid => {
    const found = value.secretEnv === undefined ? { secret: undefined } : secrets(value.secretEnv)
    if ('missing' in found) return at.refuse(found.missing, found.remedy, 'secretEnv')
    return { kind: 'webhook', url: value.url, secret: found.secret, timeoutMs: value.timeout, allowPrivate: value.allowPrivate }
  })
}

const qos = refine(oneOf('0', '1', '2'), (word) => Number(word) as 0 | 1 | 2)

const topic = text({
  expected: 'a topic to publish to, without + and #',
  example: 'sites/${source}/${type}',
  check: (written) => written !== '' && Buffer.byteLength(written) <= 1024 && !/[+#\0]/.test(written),
})

function mqttShape(secrets: SecretLookup): Shape<TargetConfig> {
  const fields = object(
    {
      url: optional(url(['mqtt:', 'mqtts:', 'ws:', 'wss:'], 'mqtts://upstream.example')),
      topic: required(topic),
      qos: optional(qos, 1),
      username: optional(name('a user name', 'site-7')),
      passwordEnv: optional(variableName),
    },
    { expected: 'an MQTT target', example: '{ url: "mqtts://upstream.example", topic: "sites/${source}/${type}" }' },
  )
  return refine(fields, (value, at): TargetConfig | typeof invalid => {
    const found = value.passwordEnv === undefined ? { secret: undefined } : secrets(value.passwordEnv)
    if ('missing' in found) return at.refuse(found.missing, found.remedy, 'passwordEnv')
    if (value.username === undefined && found.secret !== undefined) return at.refuse('a password without a user name', 'write username: NAME beside it', 'passwordEnv')
    if (value.url === undefined && value.username !== undefined) return at.refuse('a user name without a url: the own broker asks for none', 'write url: mqtts://HOST, or leave it out', 'username')
    return { kind: 'mqtt', url: value.url, topic: value.topic, qos: value.qos, username: value.username, password: found.secret }
  })
}
