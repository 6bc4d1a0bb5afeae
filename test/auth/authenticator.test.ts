import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAuthenticator } from '../../gateway/auth/authenticator.ts'
import { createCredentialBook } from '../../gateway/auth/credentials.ts'
import { requireCredentials } from '../../gateway/auth/require-credentials.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { createSecret } from '../../gateway/kernel/secret.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const address = '192.0.2.7'

async function setUp(options: { adminPassword?: string } = {}) {
  const dataDir = tempDir()
  const clock = createFakeClock()
  const book = createCredentialBook({ dataDir }, { clock })
  const adminPassword = options.adminPassword === undefined ? undefined : createSecret(options.adminPassword)
  const errors: string[] = []
  const authenticator = createAuthenticator({ dataDir, adminPassword }, { clock, logger: { ...silentLogger, error: (_, message) => void errors.push(message) } })
  onTestFinished(() => authenticator.stop())
  const device = (username: string | undefined, password: string | undefined, from = address) =>
    authenticator.device({ username, password: password === undefined ? undefined : Buffer.from(password), clientId: 'c', address: from })
  const count = (name: string, value: string) => [...authenticator.metrics()].find((sample) => sample.name === name && Object.values(sample.labels ?? {}).includes(value))?.value
  return { dataDir, clock, book, authenticator, device, count, errors }
}

/** The next look at the file, and the reading of it, which is real input and output. */
async function nextLook(clock: FakeClock, seen: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !seen(); i++) {
    await clock.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

describe('the authenticator', () => {
  it('knows a device by its user name and secret', async () => {
    const { book, authenticator, device } = await setUp()
    const secret = await book.addDevice({ id: 'bed-1', user: 'monitor' })
    await authenticator.start()
    expect(await device('monitor', secret)).toEqual({ kind: 'device', name: 'monitor', device: 'bed-1' })
    expect(await device('monitor', `${secret}x`)).toBeNull()
    expect(await device('bed-1', secret)).toBeNull()
    expect(await device(undefined, secret)).toBeNull()
    expect(await device('monitor', undefined)).toBeNull()
    expect(await device('__proto__', secret)).toBeNull()
    expect(await device('monitor', 'x'.repeat(100_000))).toBeNull()
    expect(authenticator.hasDeviceCredential()).toBe(true)
  })

  it('lets a user log in over HTTP and over MQTT', async () => {
    const { book, authenticator, device } = await setUp()
    const password = await book.addUser({ name: 'ada', role: 'operator' })
    await authenticator.start()
    const ada = { kind: 'user', name: 'ada', role: 'operator' }
    expect(await authenticator.user({ name: 'ada', password, address })).toEqual(ada)
    expect(await device('ada', password)).toEqual(ada)
    expect(await authenticator.user({ name: 'ada', password: 'wrong', address })).toBeNull()
    expect(authenticator.hasUser('operator')).toBe(true)
    expect(authenticator.hasUser('admin')).toBe(false)
  })

  it('takes a credential made a moment ago without waiting for the next poll', async () => {
    const { book, authenticator, device } = await setUp()
    await authenticator.start()
    const secret = await book.addDevice({ id: 'bed-1' })
    expect(await device('bed-1', secret)).toMatchObject({ device: 'bed-1' })
    const password = await book.addUser({ name: 'ada', role: 'operator' })
    const logins = [1, 2, 3].map(() => authenticator.user({ name: 'ada', password, address }))
    expect(await Promise.all(logins)).toEqual(logins.map(() => expect.objectContaining({ name: 'ada' })))
    await book.revokeDevice('bed-1')
    const renewed = await book.addDevice({ id: 'bed-1' })
    expect(await device('bed-1', renewed)).toMatchObject({ device: 'bed-1' })
    expect(await device('bed-1', secret)).toBeNull()
  })

  it('gives a device\'s credential no way in over HTTP', async () => {
    const { book, authenticator } = await setUp()
    const secret = await book.addDevice({ id: 'bed-1' })
    await authenticator.start()
    expect(await authenticator.user({ name: 'bed-1', password: secret, address })).toBeNull()
  })

  it('makes the first admin of the password it is given, and not a second', async () => {
    const { authenticator, book } = await setUp({ adminPassword: 'from a file\n' })
    await authenticator.start()
    expect(await authenticator.user({ name: 'admin', password: 'from a file', address })).toEqual({ kind: 'user', name: 'admin', role: 'admin' })
    expect((await book.list()).users).toHaveLength(1)
  })

  it('takes up what the command line adds and revokes, within 5 s', async () => {
    const { book, authenticator, clock, device } = await setUp()
    await authenticator.start()
    let changes = 0
    authenticator.onChange(() => changes++)
    const secret = await book.addDevice({ id: 'bed-1' })
    await nextLook(clock, () => changes === 1)
    const principal = await device('bed-1', secret)
    expect(principal).not.toBeNull()
    expect(authenticator.stillValid(principal!)).toBe(true)
    await book.revokeDevice('bed-1')
    await nextLook(clock, () => changes === 2)
    expect(authenticator.stillValid(principal!)).toBe(false)
    expect(await device('bed-1', secret)).toBeNull()
  })

  it('does not take a new secret for the old one', async () => {
    const { book, authenticator, clock, device } = await setUp()
    const old = await book.addDevice({ id: 'bed-1' })
    await authenticator.start()
    const principal = await device('bed-1', old)
    let changes = 0
    authenticator.onChange(() => changes++)
    await book.revokeDevice('bed-1')
    const fresh = await book.addDevice({ id: 'bed-1' })
    await nextLook(clock, () => changes > 0)
    expect(authenticator.stillValid(principal!)).toBe(false)
    expect(await device('bed-1', old)).toBeNull()
    expect(await device('bed-1', fresh)).not.toBeNull()
  })

  it('ends what a user with another role held', async () => {
    const { book, authenticator } = await setUp()
    await book.addUser({ name: 'ada', role: 'viewer' })
    await authenticator.start()
    expect(authenticator.stillValid({ kind: 'user', name: 'ada', role: 'viewer' })).toBe(true)
    expect(authenticator.stillValid({ kind: 'user', name: 'ada', role: 'admin' })).toBe(false)
    expect(authenticator.stillValid({ kind: 'trusted', name: 'loopback', role: 'admin' })).toBe(true)
  })

  it('keeps the last good credentials while the file is damaged', async () => {
    const { book, authenticator, clock, dataDir, device, errors } = await setUp()
    const secret = await book.addDevice({ id: 'bed-1' })
    await authenticator.start()
    writeFileSync(join(dataDir, 'credentials.json'), '{')
    await nextLook(clock, () => errors.length > 0)
    expect(errors).toHaveLength(1)
    expect(await device('bed-1', secret)).not.toBeNull()
  })

  it('refuses to start with a damaged file', async () => {
    const { authenticator, dataDir } = await setUp()
    writeFileSync(join(dataDir, 'credentials.json'), '{')
    await expect(authenticator.start()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('hashes slowly once for a device that reconnects, and never takes a wrong secret for a remembered one', async () => {
    const { book, authenticator, device, count } = await setUp()
    const secret = await book.addDevice({ id: 'bed-1' })
    await authenticator.start()
    for (let i = 0; i < 50; i++) expect(await device('bed-1', secret)).not.toBeNull()
    expect(count('limen_auth_attempts_total', 'accepted')).toBe(1)
    expect(await device('bed-1', `${secret.slice(0, -1)}_`)).toBeNull()
  })

  it('slows guessing, says how long, and lets a remembered device in all the same', async () => {
    const { book, authenticator, clock, device, count } = await setUp()
    const secret = await book.addDevice({ id: 'bed-1' })
    await book.addUser({ name: 'ada', role: 'viewer', password: 'right' })
    await authenticator.start()
    expect(await device('bed-1', secret)).not.toBeNull()
    for (let i = 0; i < 6; i++) await device('bed-1', 'guess')
    expect(count('limen_auth_attempts_total', 'slowed')).toBe(1)
    expect(await device('bed-1', secret)).not.toBeNull()
    for (let i = 0; i < 5; i++) await authenticator.user({ name: 'ada', password: 'guess', address })
    expect(await authenticator.user({ name: 'ada', password: 'right', address })).toBeNull()
    expect(authenticator.waitMs({ name: 'ada', address })).toBe(10_000)
    await clock.advance(10_000)
    expect(await authenticator.user({ name: 'ada', password: 'right', address })).not.toBeNull()
  })

  it('works as hard for a name that does not exist as for one that does', async () => {
    const { book, authenticator, device, count } = await setUp()
    await book.addUser({ name: 'ada', role: 'viewer' })
    await authenticator.start()
    const timeOf = async (name: string) => {
      const times: number[] = []
      for (let i = 0; i < 5; i++) {
        const begin = performance.now()
        await device(name, 'guess', `198.51.100.${i}`)
        times.push(performance.now() - begin)
      }
      return Math.min(...times)
    }
    // A lookup that failed at once would take far below a tenth of a hash's 20 ms.
    expect(await timeOf('nobody')).toBeGreaterThan((await timeOf('ada')) / 4)
    expect(count('limen_auth_attempts_total', 'refused')).toBe(10)
  })
})

describe('a listener off loopback', () => {
  const open = { mqttHost: '0.0.0.0', httpHost: '::', insecure: true, tls: false }

  it('is refused without credentials, with the commands that make them', async () => {
    const { authenticator } = await setUp()
    await authenticator.start()
    expect(() => requireCredentials(open, { authenticator, logger: silentLogger })).toThrow(expect.objectContaining({
      code: 'NO_CREDENTIALS', remedy: expect.stringMatching(/limen device add ID.*limen user add NAME --role admin.*LIMEN_AUTH__ADMIN_PASSWORD_FILE/),
    }))
  })

  it('is refused without TLS unless that was asked for', async () => {
    const { authenticator, book } = await setUp({ adminPassword: 'secret' })
    await book.addDevice({ id: 'bed-1' })
    await authenticator.start()
    expect(() => requireCredentials({ ...open, insecure: false }, { authenticator, logger: silentLogger })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', remedy: expect.stringContaining('insecure: true') }))
    const warnings: string[] = []
    requireCredentials(open, { authenticator, logger: { ...silentLogger, warn: (_, message) => void warnings.push(message) } })
    expect(warnings).toEqual([expect.stringContaining('auth.insecure')])
  })

  it.each(['127.0.0.1', 'localhost', '::1', '[::1]', '127.1.2.3'])('is not what %s is', async (host) => {
    const { authenticator } = await setUp()
    await authenticator.start()
    expect(() => requireCredentials({ mqttHost: host, httpHost: host, insecure: false, tls: false }, { authenticator, logger: silentLogger })).not.toThrow()
  })

  it('needs only what it serves: a device for MQTT, an admin for HTTP', async () => {
    const { authenticator, book } = await setUp()
    await book.addDevice({ id: 'bed-1' })
    await authenticator.start()
    expect(() => requireCredentials({ ...open, httpHost: '127.0.0.1' }, { authenticator, logger: silentLogger })).not.toThrow()
    expect(() => requireCredentials({ ...open, mqttHost: '127.0.0.1' }, { authenticator, logger: silentLogger })).toThrow(expect.objectContaining({ code: 'NO_CREDENTIALS', message: expect.not.stringContaining('MQTT') }))
  })
})

describe('a credential of this run', () => {
  const flows = { token: 'a-long-random-token', principal: { kind: 'user', name: 'flows', role: 'operator' } } as const

  async function withFlows() {
    const dataDir = tempDir()
    const clock = createFakeClock()
    const book = createCredentialBook({ dataDir }, { clock })
    const authenticator = createAuthenticator({ dataDir, runCredentials: [flows] }, { clock, logger: silentLogger })
    onTestFinished(() => authenticator.stop())
    await authenticator.start()
    return { book, authenticator, device: (password: string) => authenticator.device({ username: 'flows', password: Buffer.from(password), clientId: 'c', address }) }
  }

  it('comes in over MQTT at once, however many wrong ones came before, and stays valid', async () => {
    const { authenticator, device } = await withFlows()
    for (let i = 0; i < 30; i++) expect(await device(`wrong ${i}`)).toBeNull()
    expect(authenticator.waitMs({ name: 'flows', address })).toBeGreaterThan(0)
    const principal = await device(flows.token)
    expect(principal).toEqual(flows.principal)
    expect(authenticator.stillValid(principal!)).toBe(true)
    expect(authenticator.stillValid({ ...flows.principal })).toBe(false)
  })

  it('shadows no user of the same name: over HTTP there is only that one, and over MQTT both', async () => {
    const { book, authenticator, device } = await withFlows()
    const { name } = flows.principal
    expect(await authenticator.user({ name, password: flows.token, address })).toBeNull()
    const password = await book.addUser({ name, role: 'viewer' })
    expect(await authenticator.user({ name, password, address: '192.0.2.8' })).toMatchObject({ name, role: 'viewer' })
    expect(await authenticator.device({ username: name, password: Buffer.from(password), clientId: 'c', address: '192.0.2.8' })).toMatchObject({ role: 'viewer' })
    expect(await device(flows.token)).toMatchObject({ role: 'operator' })
  })
})
