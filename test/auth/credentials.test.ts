import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { credentialsStamp, readCredentials, updateCredentials } from '../../gateway/auth/credential-file.ts'
import { createCredentialBook } from '../../gateway/auth/credentials.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const book = (dataDir: string) => createCredentialBook({ dataDir }, { clock: createFakeClock() })

describe('the book of credentials', () => {
  it('keeps a hash and never the secret, in a file for its owner only', async () => {
    const dataDir = tempDir()
    const secret = await book(dataDir).addDevice({ id: 'bed-1' })
    const password = await book(dataDir).addUser({ name: 'ada', role: 'operator' })
    const path = join(dataDir, 'credentials.json')
    const text = readFileSync(path, 'utf8')
    expect(text).not.toContain(secret)
    expect(text).not.toContain(password)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await book(dataDir).list()).toMatchObject({
      devices: [{ id: 'bed-1', user: 'bed-1', createdAt: '2026-01-01T00:00:00.000Z' }],
      users: [{ name: 'ada', role: 'operator' }],
    })
    expect(readdirSync(dataDir).filter((name) => !['credentials.json', 'credentials.lock'].includes(name))).toEqual([])
  })

  it('loses nothing when several processes write at once', async () => {
    const dataDir = tempDir()
    const module = new URL('../../gateway/auth/credential-file.ts', import.meta.url).href
    const script = `
      import { updateCredentials } from ${JSON.stringify(module)}
      for (let i = 0; i < 10; i++) {
        await updateCredentials(${JSON.stringify(dataDir)}, async (now) => {
          await new Promise((resolve) => setTimeout(resolve, 2))
          return { ...now, users: [...now.users, { name: process.argv[1] + i, role: 'viewer', createdAt: 'now', hash: '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc' }] }
        })
      }`
    const children = ['a', 'b', 'c'].map((name) => spawn(process.execPath, ['--input-type=module', '-e', script, name], { stdio: ['ignore', 'inherit', 'ignore'] }))
    for (const [code] of await Promise.all(children.map((child) => once(child, 'exit')))) expect(code).toBe(0)
    expect((await readCredentials(dataDir)).users).toHaveLength(30)
  })

  it('lets the next one in when a change fails half-way', async () => {
    const dataDir = tempDir()
    await expect(updateCredentials(dataDir, async () => { throw new Error('half-way') })).rejects.toThrow('half-way')
    await updateCredentials(dataDir, async (now) => now)
    expect(await readCredentials(dataDir)).toEqual({ devices: [], users: [] })
  })

  it.each(['a+b', 'a#', 'a/b', 'a\u0000b', '', ' a', 'a\n', '$SYS', '-a', '\ud800', 'x'.repeat(257)])('refuses %j as a device id, a user name and a user of a device', async (name) => {
    const dataDir = tempDir()
    await expect(book(dataDir).addDevice({ id: name })).rejects.toMatchObject({ code: 'BAD_INPUT', remedy: expect.stringContaining('letters') })
    await expect(book(dataDir).addDevice({ id: 'ok', user: name })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    await expect(book(dataDir).addUser({ name, role: 'viewer' })).rejects.toMatchObject({ code: 'BAD_INPUT' })
    expect(await credentialsStamp(dataDir)).toBe('none')
  })

  it.each(['__proto__', 'constructor', 'bed 1', 'Ünit-7', '%c'])('takes %j as any other name', async (name) => {
    const dataDir = tempDir()
    await book(dataDir).addDevice({ id: name })
    expect((await book(dataDir).list()).devices.map((device) => device.id)).toEqual([name])
  })

  it('refuses a name that is taken, by a device or by a user, and says what to do', async () => {
    const dataDir = tempDir()
    const those = book(dataDir)
    await those.addDevice({ id: 'bed-1', user: 'monitor' })
    await those.addUser({ name: 'ada', role: 'admin' })
    const taken = { code: 'CONFLICT', remedy: expect.stringContaining('revoke') }
    await expect(those.addDevice({ id: 'bed-1' })).rejects.toMatchObject(taken)
    await expect(those.addDevice({ id: 'bed-2', user: 'monitor' })).rejects.toMatchObject(taken)
    await expect(those.addDevice({ id: 'ada' })).rejects.toMatchObject(taken)
    await expect(those.addUser({ name: 'monitor', role: 'viewer' })).rejects.toMatchObject(taken)
    await expect(those.addUser({ name: 'ada', role: 'viewer' })).rejects.toMatchObject(taken)
  })

  it('revokes, and says when there is nothing to revoke', async () => {
    const dataDir = tempDir()
    await book(dataDir).addDevice({ id: 'bed-1' })
    await book(dataDir).addUser({ name: 'ada', role: 'viewer' })
    await book(dataDir).revokeDevice('bed-1')
    await book(dataDir).revokeUser('ada')
    expect(await book(dataDir).list()).toEqual({ devices: [], users: [] })
    await expect(book(dataDir).revokeDevice('bed-1')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(book(dataDir).revokeUser('ada')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('makes the first admin once', async () => {
    const dataDir = tempDir()
    expect(await book(dataDir).ensureAdmin('s3cret\n')).toBe(true)
    expect(await book(dataDir).ensureAdmin('other')).toBe(false)
    expect((await book(dataDir).list()).users).toMatchObject([{ name: 'admin', role: 'admin' }])
    await expect(book(tempDir()).ensureAdmin('\n')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it.each([
    ['{', 'JSON'], ['[]', 'object'], ['{"version":2,"devices":[],"users":[]}', 'version'], ['{"version":1,"devices":[{}],"users":[]}', 'devices[0].id'],
    ['{"version":1,"devices":[],"users":[{"name":"a","role":"root","hash":"x","createdAt":"x"}]}', 'users[0].role'],
    ['{"version":1,"devices":[],"users":[{"name":"a","role":"admin","hash":"x","createdAt":"x"}]}', 'users[0].hash'],
  ])('names what is wrong with a damaged file: %s', async (text, place) => {
    const dataDir = tempDir()
    writeFileSync(join(dataDir, 'credentials.json'), text)
    await expect(readCredentials(dataDir)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(place), remedy: expect.stringContaining('backup') })
  })

  it('says so when the data directory is missing', async () => {
    await expect(createCredentialBook({ dataDir: join(tempDir(), 'none') }, { clock: systemClock }).addDevice({ id: 'a' })).rejects.toMatchObject({ code: 'STORE_FAILED' })
  })

})
