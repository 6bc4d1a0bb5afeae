import { suggestion } from '../kernel/suggest.ts'
import type { WrongMember } from './problem.ts'

/**
 * The part of JSON Schema (2020-12) that requests here need: flat objects. The same objects stand in the OpenAPI document,
 * and `XStatic` of typebox gives their types. Checked by hand and not by a validator library: that costs 9 MB (ajv) to
 * 20 MB (typebox) at rest, and its messages would have to be rewritten to say what would be right (docs/decisions).
 */
export interface MemberSchema {
  readonly type?: JsonType | readonly JsonType[]
  readonly enum?: readonly (string | number)[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly maxProperties?: number
  /** Of an object of texts: what each must be. */
  readonly additionalProperties?: boolean | MemberSchema
  readonly description?: string
}

type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array'

export interface ObjectSchema {
  readonly type: 'object'
  readonly additionalProperties: false
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, MemberSchema>>
}

/** Every member that is wrong, and what would be right. */
export function check(schema: ObjectSchema, data: unknown): readonly WrongMember[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [{ member: '', detail: `expected a JSON object with ${Object.keys(schema.properties).join(', ')}` }]
  const wrong: WrongMember[] = []
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(data, name)) wrong.push({ member: name, detail: `is missing; expected ${expectation(schema.properties[name]!)}` })
  }
  for (const [name, value] of Object.entries(data)) {
    const member = Object.hasOwn(schema.properties, name) ? schema.properties[name]! : undefined
    if (member === undefined) wrong.push({ member: name.slice(0, 100), detail: `is not known here; ${suggestion(name, Object.keys(schema.properties))}` })
    else wrong.push(...wrongIn(member, name, value))
  }
  return wrong
}

function wrongIn(schema: MemberSchema, name: string, value: unknown): readonly WrongMember[] {
  if (!fits(schema, value)) return [{ member: name, detail: `expected ${expectation(schema)}` }]
  const { additionalProperties: each } = schema
  if (typeof each !== 'object' || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => wrongIn(each, `${name}.${key.slice(0, 100)}`, item))
}

function fits(schema: MemberSchema, value: unknown): boolean {
  const types = typesOf(schema)
  if (types.length > 0 && !types.some((type) => isType(type, value))) return false
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) return false
  if (typeof value === 'number') return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
  if (typeof value === 'string') {
    return value.length >= (schema.minLength ?? 0) && value.length <= (schema.maxLength ?? Infinity) && (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value))
  }
  if (typeof value === 'object' && value !== null) return Object.keys(value).length <= (schema.maxProperties ?? Infinity)
  return true
}

function typesOf(schema: MemberSchema): readonly JsonType[] {
  return schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type
}

function isType(type: JsonType, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number'
    case 'string':
    case 'boolean':
      return typeof value === type
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return type satisfies never
  }
}

const typeWords: Readonly<Record<JsonType, string>> = {
  string: 'a text', number: 'a number', integer: 'a whole number', boolean: 'true or false', null: 'null', object: 'an object', array: 'a list',
}

/** `a whole number 1…1000`, `one of high, medium, low`. */
export function expectation(schema: MemberSchema): string {
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`
  const words = typesOf(schema).map((type) => typeWords[type]).join(' or ')
  const range = schema.minimum !== undefined && schema.maximum !== undefined ? ` ${schema.minimum}…${schema.maximum}`
    : schema.minimum !== undefined ? ` of at least ${schema.minimum}` : ''
  const length = schema.maxLength === undefined ? '' : ` of ${schema.minLength ?? 0} to ${schema.maxLength} characters`
  return `${words}${range}${length}${schema.description === undefined ? '' : ` (${schema.description})`}`
}

/** A query is text; numbers and booleans are read as what the schema says they are. What cannot be read stays text, for `check` to refuse. */
export function readQuery(schema: ObjectSchema, query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => {
      const types = Object.hasOwn(schema.properties, name) ? typesOf(schema.properties[name]!) : []
      if (typeof value !== 'string') return [name, value]
      if (types.includes('boolean') && (value === 'true' || value === 'false')) return [name, value === 'true']
      if ((types.includes('integer') || types.includes('number')) && /^-?\d{1,16}(\.\d+)?$/.test(value)) return [name, Number(value)]
      return [name, value]
    }),
  )
}
