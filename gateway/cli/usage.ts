import { parseArgs } from 'node:util'
import { LimenError } from '../kernel/errors.ts'
import { suggest } from '../kernel/suggest.ts'

/** What a command takes. */
export interface ArgumentSpec {
  /** `limen check`: stands in messages. */
  readonly command: string
  /** By name without dashes. `value` is what the option's value is called (`FILE`); without it the option is a switch. */
  readonly options: Readonly<Record<string, { readonly value?: string; readonly many?: boolean }>>
  /** What the words without dashes are, in order; a name ending in `…` takes all that follow. `?` after the name: may be missing. */
  readonly positionals?: readonly string[]
}

export interface Arguments {
  /** Value of an option; undefined where it was not given. */
  text(name: string): string | undefined
  has(name: string): boolean
  all(name: string): readonly string[]
  readonly positionals: readonly string[]
}

/** Reads the words after a command's name. Throws LimenError USAGE whose remedy says what to write instead. */
export function readArguments(args: readonly string[], spec: ArgumentSpec): Arguments {
  const given = new Map<string, string[]>()
  const positionals: string[] = []
  const options = Object.fromEntries(
    Object.entries(spec.options).map(([name, option]) => [name, { type: option.value === undefined ? ('boolean' as const) : ('string' as const), multiple: true }]),
  )
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      positionals.push(token.value)
      continue
    }
    const option = Object.hasOwn(spec.options, token.name) ? spec.options[token.name] : undefined
    if (option === undefined || !token.rawName.startsWith('--')) throw unknownOption(token.rawName, spec)
    if (option.value === undefined && token.value !== undefined) {
      throw usage(`${token.rawName} of "${spec.command}" takes no value`, `write ${token.rawName} alone`)
    }
    // A value that looks like another option was more likely forgotten: `--config --data x`.
    if (option.value !== undefined && (token.value === undefined || token.value === '' || (!token.inlineValue && token.value.startsWith('--')))) {
      throw usage(`${token.rawName} of "${spec.command}" needs a value`, `write ${token.rawName} ${option.value}`)
    }
    const values = given.get(token.name)
    if (values === undefined) given.set(token.name, [token.value ?? ''])
    else if (option.many === true) values.push(token.value ?? '')
    else throw usage(`${token.rawName} of "${spec.command}" is given twice`, 'write it once')
  }
  checkPositionals(positionals, spec)
  return {
    text: (name) => given.get(name)?.[0],
    has: (name) => given.has(name),
    all: (name) => given.get(name) ?? [],
    positionals,
  }
}

function checkPositionals(positionals: readonly string[], spec: ArgumentSpec): void {
  const wanted = spec.positionals ?? []
  const needed = wanted.filter((name) => !name.endsWith('?')).length
  const endless = wanted.some((name) => name.replace(/\?$/, '').endsWith('…'))
  const form = [spec.command, ...wanted.map((name) => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : name))].join(' ')
  if (positionals.length < needed) throw usage(`"${spec.command}" needs ${wanted[positionals.length]}`, `write ${form}`)
  if (positionals.length > wanted.length && !endless) {
    throw usage(`"${spec.command}" does not take "${positionals[wanted.length]}"`, `write ${form}`)
  }
}

function unknownOption(rawName: string, spec: ArgumentSpec): LimenError {
  const known = Object.keys(spec.options).map((name) => `--${name}`)
  const near = suggest(rawName, known)
  const option = near === undefined ? undefined : spec.options[near.slice(2)]
  if (near !== undefined) return usage(`unknown option ${rawName} of "${spec.command}"`, `did you mean ${near}${option?.value === undefined ? '' : ` ${option.value}`}?`)
  return usage(`unknown option ${rawName} of "${spec.command}"`, known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`)
}

/** A mistake on the command line: exit 2. */
export function usage(message: string, remedy: string): LimenError {
  return new LimenError('USAGE', message, { remedy })
}
