/** What can be known, without running it, of a command that no test can run. Each gives what is wrong, or nothing. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { parseDashboardBenchArguments } from '../../bench/dashboard-arguments.ts'
import { parseBenchArguments } from '../../bench/arguments.ts'
import { parseDemoArguments } from '../../devices-sim/demo/options.ts'
import { parseFaultArguments, parseRuleSoakArguments, parseSoakArguments } from '../../faults/arguments.ts'
import { commands } from '../../gateway/cli/commands.ts'
import { unitTemplate } from '../../gateway/cli/init-files.ts'
import { root } from './markdown.ts'

export type Look = (words: readonly string[]) => string | undefined

interface Package { readonly name: string; readonly version: string; readonly bin: Readonly<Record<string, string>>; readonly files: readonly string[]; readonly scripts: Readonly<Record<string, string>> }
interface Service { readonly image?: string; readonly profiles?: readonly string[]; readonly volumes?: readonly string[] }

const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const description = JSON.parse(read('package.json')) as Package
const { name, version, scripts } = description
const unit = unitTemplate({ node: '/usr/local/bin/node', main: '/usr/local/lib/node_modules/limen/dist/gateway/main.js', directory: '/etc/limen' })
const unitSays = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1]

/** The script is there and takes these arguments. */
export const npmScript: Look = (words) => {
  if (words[1] === 'ci' || words[1] === 'i') return words.length === 2 ? undefined : `npm ${words[1]} takes nothing here`
  const script = words[1] === 'run' ? words[2]! : words[1]!
  if (scripts[script] === undefined) return `package.json has no script "${script}"`
  const dashes = words.indexOf('--')
  const args = dashes === -1 ? [] : words.slice(dashes + 1)
  if (dashes === -1 && words.length > (words[1] === 'run' ? 3 : 2)) return 'npm keeps what is not behind -- for itself'
  const parser = {
    bench: parseBenchArguments, faults: parseFaultArguments, soak: parseSoakArguments, 'soak:rules': parseRuleSoakArguments, 'bench:dashboard': parseDashboardBenchArguments,
    demo: (argv: readonly string[]) => parseDemoArguments(argv, root),
  }[script]
  if (parser !== undefined) {
    const parsed = parser(args)
    return parsed.ok ? undefined : parsed.problem
  }
  if (script === 'test' || script === 'test:system') return args.every((arg) => existsSync(join(root, arg))) ? undefined : `there is no ${args.join(' ')}`
  return args.length === 0 ? undefined : `nobody has said how the arguments of "${script}" are checked`
}

/** `npm pack`, and the install of what it makes, which test/system/package.test.ts does for real. An update is of a higher version. */
export const npmPackage: Look = (words) => {
  const last = words.at(-1)!
  if (words.includes('pack')) return description.bin['limen']?.startsWith('dist/') === true && description.files.includes('dist') ? undefined : 'the package would hold no compiled command'
  if (words.includes('uninstall')) return last === name ? undefined : `the package is called ${name}`
  const file = new RegExp(String.raw`^\./${name}-(\d+\.\d+\.\d+)\.tgz$`).exec(last)?.[1]
  if (file === undefined) return `not a file as npm pack names it: ./${name}-${version}.tgz`
  return file >= version ? undefined : `this is ${version}`
}

const systemctlVerbs = new Set(['daemon-reload', 'enable', 'disable', 'start', 'stop', 'restart', 'status'])

/** It is about the unit that `limen init` writes, which can be started and enabled. */
export const systemdUnit: Look = (words) => {
  const plain = words.filter((word) => word !== 'sudo' && !word.startsWith('-'))
  if (unitSays('ExecStart') === undefined || unitSays('WantedBy') === undefined) return 'the unit of limen init has no ExecStart or no WantedBy'
  if (plain[0] === 'systemctl' && !systemctlVerbs.has(plain[1]!)) return `systemctl ${plain[1]} is not known here`
  const rest = plain.slice(plain[0] === 'systemctl' ? 2 : 1)
  return rest.every((word) => word === 'limen') && (rest.length > 0 || plain[1] === 'daemon-reload') ? undefined : 'the unit is called limen'
}

/** Files and users of the machine: those that the unit speaks of. */
export const machine: Look = (words) => {
  switch (words[1]) {
    case 'useradd':
      return words.at(-1) === unitSays('User') ? undefined : `the unit runs as ${unitSays('User')}`
    case 'cp':
      if (words.at(-1) === '/etc/systemd/system/') return words.at(-2) === '/etc/limen/limen.service' ? undefined : 'limen init /etc/limen writes the unit elsewhere'
      return /--data (\S+)/.exec(unit)?.[1] === words.at(-2) && words[2] === '-a' ? undefined : 'the unit keeps its data elsewhere'
    case 'rm':
      return words.at(-1) === '/etc/systemd/system/limen.service' ? undefined : 'this is no file of ours'
    case 'tar':
      return words.some((word) => /^node-v24\.\*-linux-(?:arm64|x64)\.tar\.xz$/.test(word)) && words.includes('-C') ? undefined : 'no archive of Node 24 as nodejs.org names it'
    case 'ufw':
      return /to any port 1883 proto tcp$/.test(words.join(' ')) ? undefined : 'MQTT listens on 1883'
    default:
      return `nobody has said how ${words[1]} is checked`
  }
}

/** docker-compose.yml has the service and the profile; what runs inside is a command of limen, or a file that is mounted. */
export const dockerCompose: Look = (words) => {
  const { services } = parse(read('docker-compose.yml'), { merge: true }) as { services: Readonly<Record<string, Service>> }
  const profiles = new Set(Object.values(services).flatMap((service) => service.profiles ?? []))
  let rest = words.slice(2)
  for (; rest[0] === '--profile'; rest = rest.slice(2)) if (!profiles.has(rest[1]!)) return `no service has the profile ${rest[1]}`
  const [verb, ...args] = rest
  const plain = args.filter((arg, index) => !arg.startsWith('-') && args[index - 1] !== '--entrypoint')
  if (!['up', 'ps', 'stop', 'restart', 'exec', 'run', 'logs'].includes(verb!)) return `docker compose ${verb} is not known here`
  const [service, ...inside] = plain
  if (service === undefined) return undefined
  if (services[service] === undefined) return `there is no service ${service}`
  if (verb === 'exec') return inside[0] === 'limen' ? limenCommand(inside.slice(1)) : 'only limen is checked here'
  const folder = inside[0]?.replace(/\/[^/]*$/, '')
  return folder === undefined || services[service].volumes?.some((volume) => volume.split(':')[1] === folder) === true ? undefined : `nothing is mounted at ${folder}`
}

/** Dockerfile is there, the tag is this version's, what is mounted from here is here, and what runs inside is a command of limen. */
export const docker: Look = (words) => {
  if (!existsSync(join(root, 'Dockerfile'))) return 'there is no Dockerfile'
  const image = words.findIndex((word) => /(?:^|\/)limen:\d/.test(word))
  if (words[image]?.endsWith(`limen:${version}`) !== true) return `the image of this version is limen:${version}`
  for (const [, here] of words.join(' ').matchAll(/"\$PWD\/([^":]+):/g)) if (!existsSync(join(root, here!)) && !here!.startsWith('secrets/')) return `there is no ${here} to be mounted`
  if (words[1] === 'run') return words.length > image + 1 ? limenCommand(words.slice(image + 1)) : undefined
  return words.at(-1) === '.' && statSync(join(root, 'Dockerfile')).isFile() ? undefined : 'it is built in the checkout'
}

const limenCommand: Look = ([command]) => (commands.some((entry) => entry.name === command && entry.load !== null) ? undefined : `there is no command limen ${command}`)
