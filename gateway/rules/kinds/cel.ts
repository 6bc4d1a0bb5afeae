import { createRequire } from 'node:module'
import type * as Library from '@marcbachmann/cel-js'
import type { Environment, EvaluationError, ParseResult } from '@marcbachmann/cel-js'
import { asError } from '../../kernel/errors.ts'
import type { Glob } from '../../kernel/glob.ts'
import { compileGlob } from '../../kernel/glob.ts'
import type { CelNode, CelProblem, CelSubject, CelUses } from './cel-walk.ts'
import { eachCelNode, innerType, isArithmetic, walkCel } from './cel-walk.ts'

export interface CelExpression {
  readonly uses: CelUses
  /**
   * Undefined: unknown, since something it needs is missing or of a wrong type. Throws where the expression itself is at fault.
   * Variables are looked up by their inner names; what is missing is undefined.
   */
  readonly evaluate: (variables: Readonly<Record<string, unknown>>, complete: boolean) => boolean | undefined
}

export type CelResult = { readonly ok: true; readonly expression: CelExpression } | { readonly ok: false; readonly problems: readonly CelProblem[] }

export const celLimits = { characters: 2_000, nodes: 500, depth: 32, elements: 100, arguments: 8, textLength: 4_096 } as const

/** What the data of a device can bring about: a missing or unfit operand, which is unknown and no fault of the expression. */
const unknownCodes = new Set([
  'unknown_variable', 'no_such_key', 'no_such_overload', 'no_matching_overload', 'unsupported_type', 'variable_type_mismatch', 'field_type_mismatch', 'list_item_type_mismatch',
  'invalid_logical_operand', 'invalid_condition_type', 'invalid_comparison_type', 'invalid_index_type', 'cannot_index_type', 'index_out_of_bounds', 'index_out_of_range',
  'int_conversion_error', 'double_conversion_error', 'bool_conversion_error', 'invalid_timestamp', 'invalid_duration', notFinite(),
])

export const cel = createCel()

/** The library takes 8 MB and 25 ms, and only where there are expressions: it is loaded with the first. */
function createCel(): { compile(text: string, subject: CelSubject): CelResult } {
  let loaded: Loaded | undefined

  function compile(text: string, subject: CelSubject): CelResult {
    if (text.length > celLimits.characters) return refused({ offset: 0, message: `an expression of ${text.length} characters is longer than ${celLimits.characters}`, remedy: 'make several rules of it' })
    loaded ??= load()
    let program: ParseResult
    try {
      program = loaded.environment.parse(text)
    } catch (thrown) {
      return refused(syntaxProblem(text, thrown))
    }
    const root = program.ast as CelNode
    const { uses, problems } = walkCel(root, subject)
    if (problems.length > 0) return { ok: false, problems }
    const checked = program.check()
    if (!checked.valid) return refused(typeProblem(checked.error))
    if (checked.type !== 'bool' && (checked.type !== 'dyn' || isArithmetic(root))) {
      return refused({ offset: 0, message: `an expression must be true or false, and this one is ${checked.type === 'dyn' ? 'a number' : words(checked.type ?? '')}`, remedy: 'compare it with something, e.g. value > limit * 1.2' })
    }
    const unfit = unfitText(text, root, loaded)
    if (unfit !== undefined) return refused(unfit)
    const { fail } = loaded
    eachCelNode(root, (node) => keepFinite(node, fail))
    return { ok: true, expression: { uses, evaluate: evaluator(program, uses) } }
  }
  return { compile }
}

interface Loaded { readonly environment: Environment; readonly fail: () => never }

function load(): Loaded {
  const library = createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof Library
  const { nodes, depth, elements, arguments: most } = celLimits
  const environment = new library.Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: nodes, maxDepth: depth, maxListElements: elements, maxMapEntries: elements, maxCallArguments: most },
  })
  const timestamp = 'google.protobuf.Timestamp'
  for (const [name, type] of Object.entries({ device: 'string', [innerType]: 'string', unit: 'string', metric: 'string', labels: 'map<string, string>', metrics: 'map', settings: 'map', event: 'map<string, string>', ts: timestamp, now: timestamp, tsMs: 'double', nowMs: 'double' })) {
    environment.registerVariable(name, type)
  }
  // Every reading is a double, and people write 2, not 2.0.
  const mixed: Readonly<Record<string, (a: number, b: number) => number>> = { '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b }
  for (const [op, work] of Object.entries(mixed)) {
    environment.registerOperator(`double ${op} int: double`, (a: number, b: bigint) => work(a, Number(b)))
    environment.registerOperator(`int ${op} double: double`, (a: bigint, b: number) => work(Number(a), b))
  }
  environment.registerOperator('double % double: double', (a: number, b: number) => a % b)
  environment.registerOperator('int == double: bool', (a: bigint, b: number) => Number(a) === b)
  for (const [name, work] of Object.entries({ abs: Math.abs, floor: Math.floor, ceil: Math.ceil, round: Math.round })) {
    environment.registerFunction(`${name}(double): double`, (x: number) => work(x), { async: false })
    environment.registerFunction(`${name}(int): double`, (x: bigint) => work(Number(x)), { async: false })
  }
  for (const [name, work] of Object.entries({ min: Math.min, max: Math.max })) {
    for (const types of ['double, double', 'double, int', 'int, double', 'int, int']) environment.registerFunction(`${name}(${types}): double`, (a: number | bigint, b: number | bigint) => work(Number(a), Number(b)), { async: false })
  }
  const globs = createGlobs()
  environment.registerFunction('string.glob(string): bool', (text: string, pattern: string) => globs(pattern)(text), { async: false })
  return {
    environment,
    fail: () => {
      throw new library.EvaluationError({ code: notFinite(), message: 'not a finite number' } as unknown as string)
    },
  }
}

const conversions: Readonly<Record<string, string>> = {
  duration: 'duration("90s")', timestamp: 'timestamp("2030-01-01T00:00:00Z")', int: 'int("5")', double: 'double("2.5")', bool: 'bool("true")',
}

/** A text that is written out and cannot be what it is converted to: at run time that would be unknown, for ever. */
function unfitText(text: string, root: CelNode, { environment }: Loaded): CelProblem | undefined {
  let found: CelProblem | undefined
  eachCelNode(root, (node) => {
    if (node.op !== 'call' || found !== undefined) return
    const [name, args] = node.args as [string, readonly CelNode[]]
    const [only] = args
    if (!Object.hasOwn(conversions, name) || only?.op !== 'value' || typeof only.args !== 'string') return
    try {
      environment.evaluate(text.slice(node.start, node.end))
    } catch {
      found = { offset: node.start, message: `"${only.args.slice(0, 40)}" is no ${name}`, remedy: `write e.g. ${conversions[name]!}` }
    }
  })
  return found
}

/** Patterns are written out in rules: there are as many as were ever loaded. */
function createGlobs(): (pattern: string) => Glob {
  const compiled = new Map<string, Glob>()
  return (pattern) => {
    const known = compiled.get(pattern)
    if (known !== undefined) return known
    if (compiled.size >= 1_000) compiled.clear()
    const made = compileGlob(pattern)
    compiled.set(pattern, made)
    return made
  }
}

/** Division by zero, or by what is nearly zero: an infinity and NaN are no values, and what they are compared with says nothing. */
function keepFinite(node: CelNode, fail: () => never): void {
  const { handle } = node
  if (handle === undefined || !['+', '-', '*', '/', '%', 'call', 'rcall'].includes(node.op)) return
  node.handle = (...args) => {
    const result = handle(...args)
    return typeof result === 'number' && !Number.isFinite(result) ? fail() : result
  }
}

function notFinite(): string {
  return 'not_finite'
}

function evaluator(program: ParseResult, { partial }: CelUses): CelExpression['evaluate'] {
  const run = (variables: Readonly<Record<string, unknown>>): boolean | undefined => {
    try {
      const result: unknown = program(variables)
      return typeof result === 'boolean' ? result : undefined
    } catch (thrown) {
      const { code, summary } = thrown as EvaluationError
      if (unknownCodes.has(code)) return undefined
      throw new Error(`the expression cannot be evaluated: ${summary ?? asError(thrown).message}`, { cause: thrown })
    }
  }
  return (variables, complete) => {
    if (complete) return run(variables)
    if (!partial) return undefined
    // What is missing is thrown and caught on its way: a stack nobody sees would be most of the cost.
    const depth = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    try {
      return run(variables)
    } finally {
      Error.stackTraceLimit = depth
    }
  }
}

function refused(problem: CelProblem): CelResult {
  return { ok: false, problems: [problem] }
}

/** What people write who know other languages. */
const habits: readonly (readonly [RegExp, string])[] = [
  [/(^|[^=!<>])=([^=]|$)/, 'write == to compare'],
  [/\band\b/i, 'write && for and'],
  [/\bor\b/i, 'write || for or'],
  [/\bnot\b/i, 'write ! for not'],
]

function syntaxProblem(text: string, thrown: unknown): CelProblem {
  const { summary, range, code } = thrown as EvaluationError
  const offset = Math.min(range?.start ?? 0, text.length)
  if (code === 'limit_exceeded') return { offset, message: `an expression too large: ${words(summary)}`, remedy: 'make several rules of it' }
  if (code === 'reserved_identifier') return { offset, message: `"${text.slice(offset, range?.end)}" is a word of the language`, remedy: `write metrics["${text.slice(offset, range?.end)}"] for the metric of that name` }
  const unquoted = text.replace(/"[^"]*"|'[^']*'/g, '')
  const habit = habits.find(([pattern]) => pattern.test(unquoted))
  return { offset, message: `this is no expression: ${words(summary ?? asError(thrown).message)}`, remedy: habit?.[1] ?? 'write e.g. "value > limit * 1.2 && labels.wing == \'east\'"' }
}

function typeProblem(error: unknown): CelProblem {
  const { summary, range, code } = error as EvaluationError
  const remedy = code === 'no_such_overload' ? 'compare like with like: a text with a text, a number with a number' : code === 'no_matching_overload' ? 'look at what it takes, e.g. size(text), text.contains("a"), abs(number)' : 'write e.g. "value > limit * 1.2"'
  return { offset: range?.start ?? 0, message: words(summary ?? asError(error).message), remedy }
}

/** In the words of this gateway. */
function words(text: string): string {
  return text.replaceAll(innerType, 'type').replaceAll('google.protobuf.Timestamp', 'timestamp').replaceAll('google.protobuf.Duration', 'duration').replaceAll(/\bm:/g, '')
}
