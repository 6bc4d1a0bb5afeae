/** The grammar of UCUM: products, quotients, powers, brackets, factors, annotations. Which symbols there are is the caller's affair. */
import type { Ratio } from './ratio.ts'
import { one, power, ratio, zero } from './ratio.ts'

/** Exponents of base units; none is 0. */
export type Dimensions = ReadonlyMap<string, number>

/** What an expression means: x of it are `x · scale + offset` base units. */
export interface Measure {
  readonly scale: Ratio
  /** Of degrees and of levels with a reference; gone in products: a degree per minute is a difference. */
  readonly offset: Ratio
  readonly dimensions: Dimensions
  /** In UCUM, as written where it was written so. */
  readonly code: string
  /** One symbol: may take an exponent, and needs no brackets in a product. */
  readonly simple: boolean
}

export type Lookup = (symbol: string) => Measure | undefined

const plain: Measure = { scale: one, offset: zero, dimensions: new Map(), code: '1', simple: true }
const deepest = 8
const greatestExponent = 30
/** Doubles must hold it, and its quotient with another. */
const largest = 10n ** 150n
/** In characters. Longer ones are no units; nor is what a stranger sends read without end. */
export const longestUnit = 64

/** Undefined where the text is no expression, or names a symbol that `lookup` does not know. Takes time in proportion to the text. */
export function parseMeasure(text: string, lookup: Lookup): Measure | undefined {
  if (text === '' || text.length > longestUnit) return undefined
  let at = 0

  function term(depth: number): Measure | undefined {
    let sign = '.'
    let code = ''
    let product: Measure | undefined
    if (text[at] === '/') {
      at++
      sign = '/'
      code = '/'
      product = plain
    }
    for (;;) {
      const next = component(depth)
      if (next === undefined) return undefined
      code += next.simple || (product === undefined && text[at] !== '.' && text[at] !== '/') ? next.code : `(${next.code})`
      product = product === undefined ? next : joined(product, next, sign === '/' ? -1 : 1)
      if (isTooLarge(product.scale)) return undefined
      if (text[at] !== '.' && text[at] !== '/') return { ...product, code }
      sign = text[at++]!
      code += sign
    }
  }

  function component(depth: number): Measure | undefined {
    const first = text[at]
    if (first === undefined) return undefined
    if (first === '{') return withAnnotation({ ...plain, code: '' })
    if (first === '(') {
      if (depth === deepest) return undefined
      at++
      const inner = term(depth + 1)
      if (inner === undefined || text[at++] !== ')') return undefined
      return { ...inner, simple: false }
    }
    if (isDigit(first) && !/^10[*^]/.test(text.slice(at, at + 3))) {
      const digits = take(isDigit)
      const factor = BigInt(digits)
      return factor === 0n ? undefined : withAnnotation({ ...plain, scale: ratio(factor), code: digits })
    }
    const written = symbol()
    const known = lookup(written)
    if (known === undefined) return undefined
    const exponent = text[at] === '+' || text[at] === '-' || isDigit(text[at]) ? text[at++]! + take(isDigit) : ''
    if (exponent === '') return withAnnotation(known)
    const size = Number(exponent)
    if (!known.simple || !Number.isInteger(size) || size === 0 || Math.abs(size) > greatestExponent) return undefined
    return withAnnotation({ ...raised(known, size), code: known.code + exponent })
  }

  /** Up to an operator, a digit or a sign; what stands in square brackets belongs to it, whatever it is. */
  function symbol(): string {
    if (isDigit(text[at])) return text.slice(at, (at += 3))
    const from = at
    while (at < text.length && !/[./(){}\d+-]/.test(text[at]!)) {
      if (text[at] === '[') {
        const end = text.indexOf(']', at)
        at = end === -1 ? text.length : end
      }
      at++
    }
    return text.slice(from, at)
  }

  function withAnnotation(measure: Measure): Measure | undefined {
    if (text[at] !== '{') return measure
    const end = text.indexOf('}', at)
    const annotation = text.slice(at, end + 1)
    if (end === -1 || annotation.indexOf('{', 1) !== -1) return undefined
    at = end + 1
    return { ...measure, code: measure.code + annotation }
  }

  function take(belongs: (character: string | undefined) => boolean): string {
    const from = at
    while (belongs(text[at])) at++
    return text.slice(from, at)
  }

  const found = term(0)
  return found === undefined || at < text.length ? undefined : { ...found, scale: ratio(found.scale.n, found.scale.d) }
}

function isTooLarge({ n, d }: Ratio): boolean {
  return n > largest || d > largest
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9'
}

function joined(a: Measure, b: Measure, sign: 1 | -1): Measure {
  const dimensions = new Map(a.dimensions)
  for (const [name, exponent] of b.dimensions) {
    const sum = (dimensions.get(name) ?? 0) + sign * exponent
    if (sum === 0) dimensions.delete(name)
    else dimensions.set(name, sum)
  }
  // Not reduced: that is the dear part, and done once in the end.
  const scale = sign === 1 ? { n: a.scale.n * b.scale.n, d: a.scale.d * b.scale.d } : { n: a.scale.n * b.scale.d, d: a.scale.d * b.scale.n }
  return { scale, offset: zero, dimensions, code: '', simple: false }
}

function raised(base: Measure, exponent: number): Measure {
  const dimensions = new Map([...base.dimensions].map(([name, size]) => [name, size * exponent]))
  return { scale: power(base.scale, exponent), offset: exponent === 1 ? base.offset : zero, dimensions, code: base.code, simple: true }
}
