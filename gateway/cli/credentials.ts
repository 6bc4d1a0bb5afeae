import { mkdir } from 'node:fs/promises'
import { roles } from '../auth/credential-file.ts'
import type { CredentialBook } from '../auth/credentials.ts'
import { createCredentialBook } from '../auth/credentials.ts'
import type { CliDeps } from './deps.ts'
import type { Arguments } from './usage.ts'
import { readArguments, usage } from './usage.ts'

type Verb = 'add' | 'list' | 'revoke'

const place = { config: { value: 'FILE' }, data: { value: 'DIR' } } as const

/**
 * `limen device add ID [--user U] | list | revoke ID`. A running gateway takes the change up within 5 s.
 * The secret goes to standard output, alone on its line; words about it to standard error: `SECRET=$(limen device add bed-1)`.
 */
export async function deviceCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const [verb, rest] = verbOf('limen device', args, { add: 'ID [--user U]', list: '', revoke: 'ID' })
  const command = `limen device ${verb}`
  switch (verb) {
    case 'add': {
      const given = readArguments(rest, { command, options: { ...place, user: { value: 'U' } }, positionals: ['ID'] })
      const id = given.positionals[0]!
      const user = given.text('user') ?? id
      const secret = await (await openBook(given, deps)).addDevice({ id, user })
      deps.stderr.write(`device ${id} may now connect to MQTT with user name ${user} and this password, which is not shown again:\n`)
      deps.stdout.write(`${secret}\n`)
      return 0
    }
    case 'list': {
      const { devices } = await (await openBook(readArguments(rest, { command, options: place }), deps)).list()
      writeTable(deps, ['device', 'user', 'since'], devices.map((device) => [device.id, device.user, device.createdAt]))
      return 0
    }
    case 'revoke': {
      const given = readArguments(rest, { command, options: place, positionals: ['ID'] })
      await (await openBook(given, deps)).revokeDevice(given.positionals[0]!)
      deps.stderr.write(`device ${given.positionals[0]!} has no credential any more; a running gateway cuts its sessions within 5 s\n`)
      return 0
    }
    default:
      return verb satisfies never
  }
}

/** `limen user add NAME --role admin|operator|viewer | list | revoke NAME`; output as of deviceCommand. */
export async function userCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const [verb, rest] = verbOf('limen user', args, { add: 'NAME --role admin|operator|viewer', list: '', revoke: 'NAME' })
  const command = `limen user ${verb}`
  switch (verb) {
    case 'add': {
      const given = readArguments(rest, { command, options: { ...place, role: { value: 'admin|operator|viewer' } }, positionals: ['NAME'] })
      const name = given.positionals[0]!
      const role = roles.find((known) => known === given.text('role'))
      if (role === undefined) {
        const wrong = given.has('role') ? `there is no role ${JSON.stringify(given.text('role'))}` : '"limen user add" needs a role'
        throw usage(wrong, `write limen user add ${name} --role admin, operator or viewer`)
      }
      const secret = await (await openBook(given, deps)).addUser({ name, role })
      deps.stderr.write(`user ${name}, ${role}, may now log in with this password, which is not shown again:\n`)
      deps.stdout.write(`${secret}\n`)
      return 0
    }
    case 'list': {
      const { users } = await (await openBook(readArguments(rest, { command, options: place }), deps)).list()
      writeTable(deps, ['user', 'role', 'since'], users.map((user) => [user.name, user.role, user.createdAt]))
      return 0
    }
    case 'revoke': {
      const given = readArguments(rest, { command, options: place, positionals: ['NAME'] })
      await (await openBook(given, deps)).revokeUser(given.positionals[0]!)
      deps.stderr.write(`user ${given.positionals[0]!} can no longer log in; a running gateway ends their sessions within 5 s\n`)
      return 0
    }
    default:
      return verb satisfies never
  }
}

/** `forms`: what may follow each verb. */
function verbOf(command: string, args: readonly string[], forms: Readonly<Record<Verb, string>>): readonly [Verb, readonly string[]] {
  const [verb, ...rest] = args
  if (verb === 'add' || verb === 'list' || verb === 'revoke') return [verb, rest]
  const all = Object.entries(forms).map(([name, form]) => `${command} ${name} ${form}`.trim())
  throw usage(verb === undefined ? `"${command}" needs to be told what to do` : `"${command}" does not know "${verb}"`, `write ${all.join(', or ')}`)
}

async function openBook(given: Arguments, deps: CliDeps): Promise<CredentialBook> {
  const data = given.text('data')
  const { dataDir } = await deps.loadConfig(given.text('config'), data === undefined ? {} : { data })
  // Credentials are made before the first start, too.
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  return createCredentialBook({ dataDir }, { clock: deps.clock })
}

function writeTable(deps: CliDeps, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  for (const row of [head, ...rows]) deps.stdout.write(`${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd()}\n`)
}
