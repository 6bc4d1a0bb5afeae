import { createSecret } from '../kernel/secret.ts'
import type { Shape } from '../kernel/shape.ts'
import { invalid, object, optional, refine, required, scalar } from '../kernel/shape.ts'
import type { InfluxConfig } from './config.ts'
import { name, secret, url } from './words.ts'

const onlyIn = { 1: ['database', 'username', 'password'], 2: ['org', 'bucket', 'token'] } as const

const version = scalar<1 | 2>({
  expected: '1 or 2',
  example: '2',
  from({ text }) {
    if (text === '3') return { wrong: 'version 3 has no protocol of its own here', remedy: 'InfluxDB 3 takes what version 2 writes: write version: 2' }
    return text === '1' ? 1 : text === '2' ? 2 : undefined
  },
})

const fields = object(
  {
    version: required(version),
    url: required(url(['http:', 'https:'], 'http://127.0.0.1:8086')),
    measurement: optional(name('a measurement', 'reading'), 'reading'),
    org: optional(name('an organisation', 'hospital')),
    bucket: optional(name('a bucket', 'readings')),
    token: optional(secret),
    database: optional(name('a database', 'readings')),
    username: optional(name('a user name', 'limen')),
    password: optional(secret),
  },
  { expected: 'InfluxDB', example: '{ version: 2, url: "http://127.0.0.1:8086", org: o, bucket: b, token: … }' },
)

export const influxShape: Shape<InfluxConfig> = refine(fields, (value, at): InfluxConfig | typeof invalid => {
  const other = value.version === 1 ? 2 : 1
  let failed = false
  for (const key of onlyIn[other]) {
    if (value[key] === undefined) continue
    at.refuse(`"${key}" belongs to version ${other}, not to version ${value.version}`, `version ${value.version} has ${onlyIn[value.version].join(', ')}`, key)
    failed = true
  }
  const needed = value.version === 1 ? (['database'] as const) : (['org', 'bucket'] as const)
  for (const key of needed) {
    if (value[key] !== undefined) continue
    at.refuse(`"${key}" is missing`, `write ${key}: ${fields.keys![key]!.example}`)
    failed = true
  }
  if (value.version === 1 && value.password !== undefined && value.username === undefined) {
    at.refuse('a password without a user name', 'write username: NAME beside it', 'password')
    failed = true
  }
  if (failed) return invalid
  const { url: address, measurement } = value
  if (value.version === 2) return { version: 2, url: address, measurement, org: value.org!, bucket: value.bucket!, token: createSecret(value.token ?? '') }
  return { version: 1, url: address, measurement, database: value.database!, username: value.username, password: value.password === undefined ? undefined : createSecret(value.password) }
})

