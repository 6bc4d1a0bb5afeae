import type { Clock } from '../kernel/clock.ts'
import { LimenError } from '../kernel/errors.ts'
import type { Role } from '../kernel/principal.ts'
import type { Credentials, DeviceCredential, UserCredential } from './credential-file.ts'
import { readCredentials, updateCredentials } from './credential-file.ts'
import { createPasswords, generateSecret } from './passwords.ts'

/** The credentials of a data directory, for whoever may change them: the command line, and the gateway for its first admin. */
export interface CredentialBook {
  /** Gives the secret, which is kept nowhere. `user` is the MQTT user name, by default the id. CONFLICT when either is taken. */
  addDevice(device: { readonly id: string; readonly user?: string | undefined }): Promise<string>
  addUser(user: { readonly name: string; readonly role: Role; readonly password?: string }): Promise<string>
  /** NOT_FOUND when there is none. */
  revokeDevice(id: string): Promise<void>
  revokeUser(name: string): Promise<void>
  /** Makes `admin` unless somebody is admin already; true when it did. */
  ensureAdmin(password: string): Promise<boolean>
  list(): Promise<Credentials>
}

export function createCredentialBook(options: { dataDir: string }, deps: { clock: Clock }): CredentialBook {
  const passwords = createPasswords()
  const { dataDir } = options
  const now = () => new Date(deps.clock.wall()).toISOString()

  async function addUser(user: { name: string; role: Role; password?: string }): Promise<string> {
    checkName(user.name, 'user name')
    const secret = user.password ?? generateSecret()
    const entry: UserCredential = { name: user.name, role: user.role, hash: await passwords.hash(secret), createdAt: now() }
    await updateCredentials(dataDir, async (known) => {
      refuseTaken(known, user.name)
      return { ...known, users: [...known.users, entry] }
    })
    return secret
  }

  return {
    addUser,
    async addDevice({ id, user = id }) {
      checkName(id, 'device id')
      checkName(user, 'user name')
      const secret = generateSecret()
      const entry: DeviceCredential = { id, user, hash: await passwords.hash(secret), createdAt: now() }
      await updateCredentials(dataDir, async (known) => {
        if (known.devices.some((device) => device.id === id)) {
          throw new LimenError('CONFLICT', `device ${id} has a credential already`, { remedy: `to give it a new secret: limen device revoke ${id}, then limen device add ${id}` })
        }
        refuseTaken(known, user)
        return { ...known, devices: [...known.devices, entry] }
      })
      return secret
    },
    async revokeDevice(id) {
      await updateCredentials(dataDir, async (known) => {
        const devices = known.devices.filter((device) => device.id !== id)
        if (devices.length === known.devices.length) throw new LimenError('NOT_FOUND', `device ${id} has no credential`, { remedy: 'limen device list shows those that have' })
        return { ...known, devices }
      })
    },
    async revokeUser(name) {
      await updateCredentials(dataDir, async (known) => {
        const users = known.users.filter((user) => user.name !== name)
        if (users.length === known.users.length) throw new LimenError('NOT_FOUND', `there is no user ${name}`, { remedy: 'limen user list shows those there are' })
        return { ...known, users }
      })
    },
    async ensureAdmin(password) {
      // A password file written by an editor or by echo ends in a line break that nobody types.
      const typed = password.replace(/\r?\n$/, '')
      if (typed === '') throw new LimenError('CONFIG_INVALID', 'the first admin\'s password is empty', { remedy: 'write a password into the file LIMEN_AUTH__ADMIN_PASSWORD_FILE names' })
      if ((await readCredentials(dataDir)).users.some((user) => user.role === 'admin')) return false
      const entry: UserCredential = { name: 'admin', role: 'admin', hash: await passwords.hash(typed), createdAt: now() }
      let made = false
      await updateCredentials(dataDir, async (known) => {
        if (known.users.some((user) => user.role === 'admin')) return undefined
        refuseTaken(known, 'admin')
        made = true
        return { ...known, users: [...known.users, entry] }
      })
      return made
    },
    list: () => readCredentials(dataDir),
  }
}

/** One name space for users and devices: over MQTT either logs in by a user name. */
function refuseTaken(known: Credentials, name: string): void {
  const device = known.devices.find((candidate) => candidate.user === name)
  if (device !== undefined) throw new LimenError('CONFLICT', `the user name ${name} belongs to device ${device.id}`, { remedy: `choose another name, or limen device revoke ${device.id} first` })
  if (known.users.some((user) => user.name === name)) throw new LimenError('CONFLICT', `there is a user ${name} already`, { remedy: `choose another name, or limen user revoke ${name} first` })
}

/** MQTT strings hold 65,535 bytes, topics have to hold more than the id; nobody types 256 characters. */
const longestName = 256

/**
 * An id becomes a level of the topics it grants (`devices/<id>/#`): with `/ + #` it would grant others' [MQTT-4.7.1],
 * and control characters and NUL [MQTT-1.5.3-2] have no place in a name.
 */
function checkName(name: string, what: string): void {
  const shown = JSON.stringify(name.slice(0, 64))
  const remedy = `choose a ${what} of letters, digits, - . _ ~ (1 to ${longestName} characters)`
  if (name === '') throw new LimenError('BAD_INPUT', `the ${what} is empty`, { remedy })
  if (name.length > longestName) throw new LimenError('BAD_INPUT', `the ${what} is longer than ${longestName} characters`, { remedy })
  if (name.trim() !== name) throw new LimenError('BAD_INPUT', `the ${what} ${shown} begins or ends with a space`, { remedy })
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  const wrong = /[+#/\u0000-\u001f\u007f-\u009f\ufffe\uffff]/.exec(name)
  if (wrong !== null) throw new LimenError('BAD_INPUT', `the ${what} ${shown} holds ${JSON.stringify(wrong[0])}`, { remedy })
  if (!name.isWellFormed()) throw new LimenError('BAD_INPUT', `the ${what} ${shown} is no well-formed text`, { remedy })
  if (name.startsWith('$') || name.startsWith('-')) throw new LimenError('BAD_INPUT', `the ${what} ${shown} begins with ${name[0]}`, { remedy })
}
