import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { BuiltImage } from '../support/built-image.ts'
import { buildImage } from '../support/built-image.ts'
import { readDockerfile } from '../support/dockerfile.ts'
import type { Ended } from '../support/programs.ts'
import { mustRun, run, startLimen } from '../support/programs.ts'

const { entrypoint, cmd, healthcheck } = readDockerfile()
const checkout = resolve(import.meta.dirname, '../..')
let image: BuiltImage
let env: Record<string, string>

beforeAll(async () => {
  image = await buildImage()
  mkdirSync(image.path('/run/secrets'), { recursive: true })
  writeFileSync(image.path('/run/secrets/admin_password'), 'correct horse battery staple')
  env = { ...image.env, LIMEN_MQTT__PORT: '0', LIMEN_HTTP__PORT: '0', LIMEN_AUTH__INSECURE: 'true', LIMEN_AUTH__ADMIN_PASSWORD_FILE: image.path('/run/secrets/admin_password') }
}, 300_000)

afterAll(() => image?.remove())

const inImage = (words: readonly string[], more: Record<string, string> = {}): Promise<Ended> => {
  const [program, ...args] = words as [string, ...string[]]
  return run(image.path(`/usr/local/bin/${program}`), args, { cwd: image.cwd, env: { ...env, ...more }, uid: image.uid })
}

describe('the image, its Dockerfile carried out step by step in a clean folder', () => {
  it('holds the package and its dependencies in the versions of the lockfile, none for development', async () => {
    const lock = JSON.parse(readFileSync(join(checkout, 'package-lock.json'), 'utf8')) as { packages: Record<string, { version: string; dev?: true; optional?: true }> }
    const wrong = Object.entries(lock.packages).filter(([place, { version, dev, optional }]) => {
      if (place === '') return false
      const manifest = image.path(`/opt/limen/${place}/package.json`)
      if (!existsSync(manifest)) return dev !== true && optional !== true
      return dev === true || (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version !== version
    })
    expect(wrong.map(([place]) => place)).toEqual([])
    expect(existsSync(image.path('/opt/limen/gateway'))).toBe(false)
    expect(await inImage([...entrypoint, '--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^limen \d/) })
  })

  it('refuses to start off loopback before there are credentials, and says what makes them', async () => {
    expect(await inImage([...entrypoint, ...cmd])).toMatchObject({ code: 1, err: expect.stringContaining('limen device add ID') })
  })

  it('starts with the credentials of docker-compose.yml, is healthy, asks for a login, and stops when told', async () => {
    const script = image.path('/usr/local/lib/limen/credentials.sh')
    mkdirSync(join(script, '..'), { recursive: true })
    copyFileSync(join(checkout, 'docker/credentials.sh'), script)
    await mustRun('sh', [script], { cwd: image.cwd, env: { ...env, CREDENTIALS: image.path('/credentials'), FIRST_DEVICE: 'bed-1' }, uid: image.uid })

    const gateway = await startLimen(image.path(`/usr/local/bin/${entrypoint[0]!}`), cmd, { cwd: image.cwd, env, uid: image.uid })
    onTestFinished(() => void gateway.stop())
    const port = new URL(gateway.httpUrl).port
    expect(await inImage(healthcheck, { LIMEN_HTTP__PORT: port })).toEqual({ code: 0, out: '', err: '' })
    expect((await fetch(`${gateway.httpUrl}/api/v1/alarms`)).status).toBe(401)
    const simulated = await inImage([...entrypoint, 'simulate', 'ward', '--for', '5s', '--url', `mqtt://127.0.0.1:${gateway.mqttPort}`, '--user', 'simulator', '--password-file', image.path('/credentials/simulator')])
    expect(simulated).toMatchObject({ code: 0, out: expect.stringMatching(/ [1-9]\d* acknowledged/) })
    if (image.uid !== undefined) expect(statSync(image.path('/data/credentials.json')).uid).toBe(image.uid)
    expect((await gateway.stop()).code).toBe(0)
    expect((await inImage(healthcheck, { LIMEN_HTTP__PORT: port })).code).toBe(1)
  })

  it('writes to its volume only', () => {
    expect(existsSync(image.path('/data/credentials.json'))).toBe(true)
    if (image.uid !== undefined) expect(existsSync(image.path('/opt/limen/dist/.cache'))).toBe(false)
  })
})
