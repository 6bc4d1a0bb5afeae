import { scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPasswords, generateSecret, isPasswordHash } from '../../gateway/auth/passwords.ts'

describe('passwords', () => {
  it('hashes with argon2id as a PHC string, salted anew each time', async () => {
    const passwords = createPasswords()
    const [first, second] = await Promise.all([passwords.hash('pässword'), passwords.hash('pässword')])
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(first).not.toBe(second)
    expect(await passwords.verify('pässword', first)).toBe(true)
    expect(await passwords.verify('passwörd', first)).toBe(false)
    expect(await passwords.verify('', first)).toBe(false)
  })

  it('knows the test vector of another argon2id implementation', async () => {
    // `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 32` of the reference implementation
    const phc = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await createPasswords().verify('password', phc)).toBe(true)
  })

  it('verifies scrypt, for hashes made where argon2 was missing', async () => {
    const salt = Buffer.from('0123456789abcdef')
    const tag = scryptSync('secret', salt, 32, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 27 })
    const phc = `$scrypt$ln=15,r=8,p=1$${salt.toString('base64').replaceAll('=', '')}$${tag.toString('base64').replaceAll('=', '')}`
    expect(await createPasswords().verify('secret', phc)).toBe(true)
    expect(await createPasswords().verify('Secret', phc)).toBe(false)
  })

  it.each([
    '', 'plain', '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=9999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$c2hvcnQ1Ng',
    '$scrypt$ln=40,r=8,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  ])('refuses %j as a hash', (phc) => {
    expect(isPasswordHash(phc)).toBe(false)
  })

  it('turns away what comes while the queue is full, and serves the others', async () => {
    const passwords = createPasswords({ concurrency: 1, maxWaiting: 2 })
    const phc = await passwords.hash('a')
    const answers = Promise.all([1, 2, 3].map(() => passwords.verify('a', phc)))
    expect(passwords.full()).toBe(true)
    expect(await passwords.verify('a', phc)).toBeNull()
    expect(await answers).toEqual([true, true, true])
    expect(passwords.full()).toBe(false)
  })

  it('generates secrets that are long, plain and never the same', () => {
    const secrets = new Set(Array.from({ length: 1_000 }, generateSecret))
    expect(secrets.size).toBe(1_000)
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
  })
})
