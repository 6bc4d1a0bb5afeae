import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import type { Authenticator, LoginThrottle } from '../kernel/contracts.ts'
import { asError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { MetricSource } from '../kernel/metric.ts'
import type { Principal, RunCredential } from '../kernel/principal.ts'
import type { Secret } from '../kernel/secret.ts'
import { createAttempts } from './attempts.ts'
import type { Credentials, DeviceCredential, UserCredential } from './credential-file.ts'
import { credentialsStamp, readCredentials } from './credential-file.ts'
import { createCredentialBook } from './credentials.ts'
import { createPasswords } from './passwords.ts'

export interface AuthenticatorOptions {
  readonly dataDir: string
  /** Makes the first admin, named `admin`, if nobody is admin yet. */
  readonly adminPassword?: Secret | undefined
  /** Known over MQTT by their principal's name and the token, besides those of the file; never to HTTP's login. */
  readonly runCredentials?: readonly RunCredential[]
  /** How often the file is looked at. Default 1 s: a revocation is effective well within 5 s. */
  readonly pollMs?: number
}

export interface CredentialAuthenticator extends Authenticator, LoginThrottle {
  /** Makes the first admin where asked to, reads the file, and from then on follows it. CONFIG_INVALID for a damaged file. */
  start(): Promise<void>
  stop(): Promise<void>
  readonly metrics: MetricSource
}

/** A verified device secret need not be hashed slowly again for so long: a reconnect storm costs an HMAC each. */
const rememberedMs = 24 * 3_600_000
const longestSecretBytes = 1_024

type Known = DeviceCredential | UserCredential

/**
 * Credentials of `<data>/credentials.json`, which the command line edits while the gateway runs. The file is polled, not watched:
 * it is replaced by rename, so the directory would have to be watched, and there every commit of the store is an event.
 */
export function createAuthenticator(options: AuthenticatorOptions, deps: { clock: Clock; logger: Logger }): CredentialAuthenticator {
  const { dataDir, pollMs = 1_000, runCredentials = [] } = options
  const { clock, logger } = deps
  const passwords = createPasswords()
  const attempts = createAttempts({}, { clock })
  const listeners = new Set<() => void>()
  /** Which credential a principal was given for; its hash changes with every new secret. */
  const issued = new WeakMap<Principal, string>()
  /** By credential hash: at most one entry a credential. */
  const verified = new Map<string, { readonly mac: Buffer; readonly untilMs: number }>()
  const macKey = randomBytes(32)
  const counts = { accepted: 0, refused: 0, slowed: 0, overloaded: 0 }
  let devicesByUser = new Map<string, DeviceCredential>()
  let users = new Map<string, UserCredential>()
  let hashes = new Set<string>()
  let stamp = ''
  let stopPolling: (() => void) | undefined
  let looking: Promise<void> | undefined
  let lookingAgain: Promise<void> | undefined

  function use(credentials: Credentials): void {
    devicesByUser = new Map(credentials.devices.map((known) => [known.user, known]))
    users = new Map(credentials.users.map((known) => [known.name, known]))
    hashes = new Set([...credentials.devices, ...credentials.users].map((known) => known.hash))
    for (const hash of verified.keys()) if (!hashes.has(hash)) verified.delete(hash)
  }

  async function reload(): Promise<void> {
    // The stamp is taken before reading: a change in between is seen at the next look.
    const now = await credentialsStamp(dataDir)
    if (now === stamp) return
    use(await readCredentials(dataDir))
    stamp = now
    for (const listener of listeners) listener()
  }

  /** Looks whether the file changed. One look at a time; all who ask while one runs share the next, which sees what was there when they asked. */
  function look(): Promise<void> {
    if (looking !== undefined) return (lookingAgain ??= looking.then(() => {
      lookingAgain = undefined
      return look()
    }))
    looking = reload()
      .catch((thrown: unknown) => {
        // The last good set goes on: a half-edited file must not lock the ward out.
        logger.error({ err: asError(thrown) }, 'credentials could not be read again; those read before stay in force')
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  function pollLater(): void {
    stopPolling = clock.after(pollMs, () => {
      void look().finally(() => {
        if (stopPolling !== undefined) pollLater()
      })
    })
  }

  function mac(secret: string): Buffer {
    return createHmac('sha256', macKey).update(secret).digest()
  }

  function remembered(known: Known, secret: string): boolean {
    const entry = verified.get(known.hash)
    return entry !== undefined && entry.untilMs > clock.monotonic() && timingSafeEqual(entry.mac, mac(secret))
  }

  /** Is it the secret? An unknown name costs the time of a known one: somebody's hash is worked out, and the answer ignored. */
  async function check(known: Known | undefined, login: { name: string; secret: string; address: string }): Promise<boolean> {
    if (!attempts.begin(login)) {
      counts.slowed++
      return false
    }
    const [decoy] = hashes
    const hash = known?.hash ?? decoy
    const right = hash === undefined ? false : await verify(login.secret, hash)
    if (right === null) {
      attempts.takeBack(login)
      counts.overloaded++
      return false
    }
    // `hashes`: it may have been revoked meanwhile.
    if (!right || known === undefined || !hashes.has(known.hash)) {
      counts.refused++
      return false
    }
    attempts.succeeded(login)
    counts.accepted++
    return true
  }

  async function verify(secret: string, hash: string): Promise<boolean | null> {
    try {
      return await passwords.verify(secret, hash)
    } catch (thrown) {
      logger.error({ err: asError(thrown) }, 'a password could not be checked; the login is refused')
      return false
    }
  }

  function issue(principal: Principal, known: Known): Principal {
    issued.set(Object.freeze(principal), known.hash)
    return principal
  }

  async function user(login: { name: string; password: string; address: string }): Promise<Principal | null> {
    if (Buffer.byteLength(login.password) > longestSecretBytes || login.name.length > longestSecretBytes) return null
    await look()
    const known = users.get(login.name)
    if (!(await check(known, { name: login.name, secret: login.password, address: login.address })) || known === undefined) return null
    return issue({ kind: 'user', name: known.name, role: known.role }, known)
  }

  /** A wrong one is left to the file: a user of that name may be meant, and that login is slowed like any. */
  function ofThisRun(username: string, secret: string): Principal | undefined {
    return runCredentials.find(({ principal, token }) => principal.name === username && timingSafeEqual(mac(secret), mac(token)))?.principal
  }

  return {
    async start() {
      if (stopPolling !== undefined) return
      if (options.adminPassword !== undefined) {
        const made = await createCredentialBook({ dataDir }, { clock }).ensureAdmin(options.adminPassword.reveal())
        if (made) logger.info({ user: 'admin' }, 'the first admin was made')
      }
      await reload()
      pollLater()
    },
    async stop() {
      stopPolling?.()
      stopPolling = undefined
      await (lookingAgain ?? looking)
    },
    async device({ username, password, address }) {
      if (username === undefined || password === undefined) return null
      if (password.length > longestSecretBytes || username.length > longestSecretBytes) return null
      const secret = Buffer.from(password).toString('utf8')
      const own = ofThisRun(username, secret)
      if (own !== undefined) return own
      let known = devicesByUser.get(username)
      if (known === undefined || !remembered(known, secret)) {
        // Whoever was told the secret a moment ago may use it now, not at the next poll.
        await look()
        known = devicesByUser.get(username)
        if (known === undefined) return user({ name: username, password: secret, address })
        if (!(await check(known, { name: username, secret, address }))) return null
        verified.set(known.hash, { mac: mac(secret), untilMs: clock.monotonic() + rememberedMs })
      }
      return issue({ kind: 'device', name: known.user, device: known.id }, known)
    },
    user,
    waitMs: (login) => (passwords.full() ? 1_000 : attempts.waitMs(login)),
    stillValid(principal) {
      if (principal.kind === 'trusted' || runCredentials.some((one) => one.principal === principal)) return true
      const hash = issued.get(principal)
      const known = principal.kind === 'device' ? devicesByUser.get(principal.name) : users.get(principal.name)
      if (known === undefined || (hash !== undefined && hash !== known.hash)) return false
      if (principal.kind === 'device') return 'id' in known && known.id === principal.device
      return 'role' in known && known.role === principal.role
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    hasDeviceCredential: () => devicesByUser.size > 0,
    hasUser: (role) => [...users.values()].some((known) => known.role === role),
    *metrics() {
      for (const [result, value] of Object.entries(counts)) {
        yield { name: 'limen_auth_attempts_total', help: 'Passwords that were checked, or turned away unchecked (slowed, overloaded).', type: 'counter', value, labels: { result } }
      }
      yield { name: 'limen_auth_credentials', help: 'Credentials that are in force.', type: 'gauge', value: devicesByUser.size, labels: { kind: 'device' } }
      yield { name: 'limen_auth_credentials', help: 'Credentials that are in force.', type: 'gauge', value: users.size, labels: { kind: 'user' } }
    },
  }
}
