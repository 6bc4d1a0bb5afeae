/**
 * What a document may hold: small readers put together to one schema, which gives the typed value or every problem
 * with its place. Used for limen.yaml and for rules. Why not a JSON schema library: docs/decisions.
 */
import type { DocumentNode, MapEntry, MapNode, Place } from './document.ts'
import type { Problem } from './problem.ts'
import { suggestion } from './suggest.ts'

/** Given instead of a value that cannot be used. A value is right only where no problem was added either. */
export const invalid = Symbol('invalid')
export type Invalid = typeof invalid

export interface Shape<T> {
  /** `a port number 0…65535` */
  readonly expected: string
  /** A value a person could write: `8080`. */
  readonly example: string
  /** Reads a node; adds everything that is wrong to `problems`. */
  read(node: DocumentNode, path: string, problems: Problem[]): T | Invalid
  /** Where this is a mapping of known keys: those; where of free keys: the shape of all of them. For settings from the environment. */
  readonly keys?: Readonly<Record<string, Shape<unknown>>>
  readonly each?: Shape<unknown>
  /** A list or free-form value: the environment gives it as YAML. */
  readonly collection?: true
}

/** A key of a mapping. `required`: must be there; `fallback`: what stands for a missing one (an empty value is a missing one). */
export type Field<T> =
  | { readonly shape: Shape<T>; readonly required: true }
  | { readonly shape: Shape<T>; readonly fallback: T }

export const required = <T>(shape: Shape<T>): Field<T> => ({ shape, required: true })
export function optional<T>(shape: Shape<T>): Field<T | undefined>
export function optional<T, const F>(shape: Shape<T>, fallback: F): Field<T | F>
export function optional<T>(shape: Shape<T>, fallback?: T): Field<T | undefined> {
  return { shape, fallback }
}

/** A mapping all of whose keys have defaults: where it is missing, those. */
export function section<T>(shape: Shape<T>): Field<T> {
  const fallback = shape.read({ kind: 'map', place: { file: '', line: 0, column: 0 }, entries: [] }, '', [])
  if (fallback === invalid) throw new TypeError(`${shape.expected}: a section needs a default for every key`)
  return { shape, fallback }
}

export interface ScalarOptions<T> {
  readonly expected: string
  readonly example: string
  /** Undefined: not what is expected. A message instead where there is more to say than `expected …`. */
  readonly from: (node: ScalarSource) => T | undefined | { readonly wrong: string; readonly remedy: string }
  /** Never shown in a message. */
  readonly secret?: boolean
}
export interface ScalarSource { readonly value: string | number | boolean | null; readonly text: string; readonly quoted: boolean }

export function scalar<T extends string | number | boolean>(options: ScalarOptions<T>): Shape<T> {
  const { expected, example } = options
  return {
    expected,
    example,
    read(node, path, problems) {
      const result = node.kind === 'scalar' && node.value !== null ? options.from(node) : undefined
      if (result !== undefined && typeof result !== 'object') return result
      const found = options.secret === true && node.kind === 'scalar' ? 'something else' : describe(node)
      const message = result === undefined ? `expected ${expected}, found ${found}` : result.wrong
      problems.push(problemAt({ place: node.place, path }, message, result === undefined ? writeExample(path, example) : result.remedy))
      return invalid
    },
  }
}

/** A text; a plain number or true/false is taken as it is written. */
export function text(options: { expected: string; example: string; check?: (text: string) => boolean; secret?: boolean }): Shape<string> {
  return scalar({ ...options, from: ({ text: written }) => (options.check === undefined || options.check(written) ? written : undefined) })
}

export function number(options: { expected: string; example: string; min?: number; max?: number; integer?: boolean }): Shape<number> {
  const { min = -Infinity, max = Infinity, integer = false } = options
  return scalar({
    ...options,
    from: ({ value }) => (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max && (!integer || Number.isInteger(value)) ? value : undefined),
  })
}

export const boolean = scalar({ expected: 'true or false', example: 'true', from: ({ value }) => (typeof value === 'boolean' ? value : undefined) })

/** A finite number, true or false, or a text. */
export function anyScalar(example: string): Shape<number | boolean | string> {
  return scalar<number | boolean | string>({
    expected: 'a number, true or false, or a text',
    example,
    from: ({ value }) => (value === null || (typeof value === 'number' && !Number.isFinite(value)) ? undefined : value),
  })
}

/** One of a few words. */
export function oneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  const expected = words.join(' or ')
  return scalar<W>({
    expected,
    example: words[0]!,
    from: ({ text: written }) => words.find((word) => word === written) ?? { wrong: `expected ${expected}, found "${clip(written)}"`, remedy: suggestion(written, words) },
  })
}

export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  const example = `[${item.example}]`
  return {
    expected: `a list of ${item.expected}`,
    example,
    collection: true,
    read(node, path, problems) {
      if (node.kind !== 'list') return wrongForm(node, { path, expected: `a list`, example }, problems)
      const values = node.items.map((value, index) => item.read(value, `${path}[${index}]`, problems))
      return values.includes(invalid) ? invalid : (values as T[])
    },
  }
}

/** A mapping with free keys. A Map, since any text may be a key. */
export function record<T>(each: Shape<T>, options: { expected: string; example: string; key?: (key: string) => string | undefined }): Shape<ReadonlyMap<string, T>> {
  return {
    ...options,
    each,
    read(node, path, problems) {
      if (node.kind !== 'map') return wrongForm(node, { path, ...options }, problems)
      const result = new Map<string, T>()
      let failed = false
      for (const entry of node.entries) {
        const wrong = options.key?.(entry.key)
        if (wrong !== undefined) problems.push(problemAt({ place: entry.place, path: join(path, entry.key) }, `"${clip(entry.key)}" cannot be a name here`, wrong))
        const value = each.read(entry.value, join(path, entry.key), problems)
        if (value === invalid || wrong !== undefined) failed = true
        else result.set(entry.key, value)
      }
      return failed ? invalid : result
    },
  }
}

type FieldValue<F> = F extends Field<infer T> ? T : never
export type ObjectValue<F> = { readonly [K in keyof F]: FieldValue<F[K]> }

export interface ObjectOptions {
  readonly expected: string
  readonly example: string
  /** Takes a key that is not among the fields; false: unknown. */
  readonly other?: ((entry: MapEntry, path: string, problems: Problem[]) => boolean) | undefined
}

/** A mapping with known keys. An empty value counts as a missing key. */
export function object<F extends Record<string, Field<unknown>>>(fields: F, options: ObjectOptions): Shape<ObjectValue<F>> {
  return {
    expected: options.expected,
    example: options.example,
    keys: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.shape])),
    read(node, path, problems) {
      if (node.kind !== 'map') return wrongForm(node, { path, ...options }, problems)
      const value = readFields(fields, { node, path, other: options.other }, problems)
      // An unknown key spoils nothing that is known: what else is wrong is to be found in the same run.
      return Object.values(value).includes(invalid) ? invalid : (value as ObjectValue<F>)
    },
  }
}

/** The same, key by key: what could not be read is `invalid`, and the rest can still be looked at. */
export function readFields<F extends Record<string, Field<unknown>>>(
  fields: F,
  { node, path, other }: { readonly node: MapNode; readonly path: string; readonly other?: ObjectOptions['other'] },
  problems: Problem[],
): { readonly [K in keyof F]: FieldValue<F[K]> | Invalid } {
  const result: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(fields)) {
    const entry = present(node, name)
    if (entry !== undefined) result[name] = field.shape.read(entry.value, join(path, name), problems)
    else if ('fallback' in field) result[name] = field.fallback
    else {
      problems.push(problemAt({ place: node.place, path }, `"${name}" is missing`, `write ${name}: ${field.shape.example}`))
      result[name] = invalid
    }
  }
  for (const entry of node.entries) {
    if (Object.hasOwn(fields, entry.key) || other?.(entry, path, problems) === true) continue
    problems.push(problemAt({ place: entry.place, path: join(path, entry.key) }, `unknown key "${clip(entry.key)}"`, suggestion(entry.key, Object.keys(fields))))
  }
  return result as { readonly [K in keyof F]: FieldValue<F[K]> | Invalid }
}

/** Looks at the value once it has its type, and refuses it or makes another of it. */
export function refine<T, U>(shape: Shape<T>, change: (value: T, at: RefineContext) => U | Invalid): Shape<U> {
  return {
    ...shape,
    read(node, path, problems) {
      const value = shape.read(node, path, problems)
      if (value === invalid) return invalid
      const refuse = (message: string, remedy: string, key?: string): Invalid => {
        const entry = key === undefined || node.kind !== 'map' ? undefined : present(node, key)
        const spot = entry === undefined ? { place: node.place, path } : { place: entry.value.place, path: join(path, entry.key) }
        problems.push(problemAt(spot, message, remedy))
        return invalid
      }
      return change(value, { node, path, problems, refuse })
    },
  }
}

export interface RefineContext {
  readonly node: DocumentNode
  readonly path: string
  readonly problems: Problem[]
  /** Adds a problem, at the value of `key` where the node is a mapping that has it. */
  readonly refuse: (message: string, remedy: string, key?: string) => Invalid
}

/** A key of the public contract whose feature is not built yet: right only where it asks for nothing. */
export function notInThisVersion(name: string, asksNothing: (node: DocumentNode) => boolean = isEmpty): Field<undefined> {
  const shape: Shape<undefined> = {
    expected: 'nothing',
    example: '',
    read(node, path, problems) {
      if (asksNothing(node)) return undefined
      problems.push(problemAt({ place: node.place, path }, `${name} is not in this version`, 'leave it out'))
      return undefined
    },
  }
  return { shape, fallback: undefined }
}

/** Nothing written, `{}`, `[]` or false. */
export function isEmpty(node: DocumentNode): boolean {
  if (node.kind === 'list') return node.items.length === 0
  if (node.kind === 'map') return node.entries.length === 0
  return node.value === null || node.value === false
}

/** The entry of this key, unless its value is empty. */
export function present(node: MapNode, key: string): MapEntry | undefined {
  const entry = node.entries.find((candidate) => candidate.key === key)
  return entry === undefined || (entry.value.kind === 'scalar' && entry.value.value === null) ? undefined : entry
}

export function problemAt({ place, path }: { readonly place: Place; readonly path: string }, message: string, remedy: string): Problem {
  return { file: place.file, line: place.line, column: place.column, path, message, remedy }
}

/** Where a character of a value stands: exact for a text on one line that is written as it is, else where the value begins. */
export function placeIn(node: DocumentNode, offset: number): Place {
  if (node.kind !== 'scalar' || node.place.line === 0 || /[\n\\"']/.test(node.text.slice(0, offset)) || node.text.includes('\n')) return node.place
  return { ...node.place, column: node.place.column + offset + (node.quoted ? 1 : 0) }
}

/** `"abc"`, `12`, `a list`: what stands there, shortened. */
export function describe(node: DocumentNode): string {
  if (node.kind === 'list') return 'a list'
  if (node.kind === 'map') return 'a mapping'
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? `"${clip(node.value)}"` : clip(node.text)
}

export function join(path: string, key: string): string {
  return path === '' ? clip(key) : `${path}.${clip(key)}`
}

export function wrongForm(node: DocumentNode, wanted: { path: string; expected: string; example: string }, problems: Problem[]): Invalid {
  problems.push(problemAt({ place: node.place, path: wanted.path }, `expected ${wanted.expected}, found ${describe(node)}`, writeExample(wanted.path, wanted.example)))
  return invalid
}

function writeExample(path: string, example: string): string {
  const name = path.split(/[.[\]]/).at(-1)!
  return `write e.g. ${name === '' ? example : `${name}: ${example}`}`
}

/** Control characters out, at most 40 characters: what is shown of a file's content. */
export function clip(written: string): string {
  const shown = written.replace(/\p{C}/gu, '�')
  return shown.length > 40 ? `${shown.slice(0, 39)}…` : shown
}
