import type { Ratio } from './ratio.ts'
import { decimal, lcm, minus, one, over, power, ratio, times, zero } from './ratio.ts'
import { suggest } from './suggest.ts'
import { atomRows, baseUnits, baseUnitsWithoutPrefix, binaryPrefixes, prefixes, shiftedRows } from './ucum-atoms.ts'
import type { Lookup, Measure } from './ucum-parse.ts'
import { longestUnit, parseMeasure } from './ucum-parse.ts'
import { asciiOf, meaningOf, wordsAnyCase, wordsFirst, wordsWithPrefix } from './ucum-words.ts'

/** A unit of measure. */
export interface Unit {
  /** Its UCUM code: `Cel` for °C, `/min` for bpm; as written where that is UCUM (with its annotations). */
  readonly code: string
  /** Equal where values can be converted: `K`, `m.s-1`; empty for plain numbers. */
  readonly dimension: string
  /** x of it are `x · scale + offset` base units, exactly. */
  readonly scale: Ratio
  readonly offset: Ratio
}

export type Converter = (value: number) => number

interface Atom { readonly measure: Measure; readonly metric: boolean; readonly binary: boolean }

const atoms: ReadonlyMap<string, Atom> = makeAtoms()

/** A UCUM code, or a spelling in common use (°C, mmHg, bpm, l/min, kWh, ppm); undefined for any other text. */
export function parseUnit(text: string): Unit | undefined {
  if (text.length > longestUnit) return undefined
  const written = asciiOf(text)
  const word = meaningOf(written)
  const measure = parseMeasure(written, lookupWord) ?? (word === undefined ? undefined : parseMeasure(word, lookupCode))
  if (measure === undefined || measure.code.length > longestUnit) return undefined
  return { code: measure.code, dimension: dimensionOf(measure), scale: measure.scale, offset: measure.offset }
}

export function sameDimension(a: Unit, b: Unit): boolean {
  return a.dimension === b.dimension
}

/** The value in another unit; undefined where the dimensions differ. */
export function convert(value: number, from: Unit, to: Unit): number | undefined {
  return converterOf(from, to)?.(value)
}

/** How values in one unit become values in another; undefined where one is unknown or they are of different dimensions. */
export function converter(fromUnit: string, toUnit: string): Converter | undefined {
  const from = parseUnit(fromUnit)
  const to = parseUnit(toUnit)
  return from === undefined || to === undefined ? undefined : converterOf(from, to)
}

/**
 * The exact line y = (a·x + b) / d in whole numbers, so that only the last steps round, and what they add is taken away: 99.8 Cel
 * are 211.64 [degF], not 211.63999999999996, which a limit of 211.64 would not let pass. What is too large for a double becomes an infinity.
 */
export function converterOf(from: Unit, to: Unit): Converter | undefined {
  if (!sameDimension(from, to)) return undefined
  const slope = over(from.scale, to.scale)
  const shift = over(minus(from.offset, to.offset), to.scale)
  if (slope.n === slope.d && shift.n === 0n) return same
  const d = lcm(slope.d, shift.d)
  const [a, b, divisor] = [Number(slope.n * (d / slope.d)), Number(shift.n * (d / shift.d)), Number(d)]
  if (b !== 0) return (value) => tenDecimals((value * a + b) / divisor)
  if (divisor === 1) return (value) => asDecimal(value * a)
  return a === 1 ? (value) => value / divisor : (value) => asDecimal((value * a) / divisor)
}

/** Of temperatures: digits that the offset took away before the point are not there behind it. Beyond 100,000 there are no such decimals. */
function tenDecimals(value: number): number {
  return Math.abs(value) < 1e5 ? Math.round(value * 1e10) / 1e10 + 0 : asDecimal(value)
}

/** The decimal number that is meant: a double holds 15 digits and some more. */
function asDecimal(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(15))
}

/** `did you mean "mm[Hg]"?`, or how units are written. */
export function unitSuggestion(text: string): string {
  const near = suggest(text.trim(), spellings)
  const code = near === undefined ? undefined : parseUnit(near)?.code
  return code === undefined ? 'write a UCUM code, e.g. %, Cel, /min, mm[Hg], kPa, m/s, kW.h' : `did you mean "${code}"?`
}

/** Codes first: of two that are equally near, the code is meant. */
const spellings: readonly string[] = [...atoms.keys(), 'mm[Hg]', 'cm[H2O]', 'hPa', 'kPa', 'mbar', '/min', 'dB', 'dB[SPL]', 'mmol/L', 'mg/dL', 'kW', 'kW.h', 'km/h', ...wordsFirst.keys(), ...wordsAnyCase.keys()]

function same(value: number): number {
  return value
}

function lookupCode(symbol: string): Measure | undefined {
  const found = findIn(atoms, symbol)
  return found === undefined ? undefined : { ...found, code: symbol }
}

/** What people mean, before and after what UCUM says. */
function lookupWord(symbol: string): Measure | undefined {
  const first = wordsFirst.get(symbol)
  if (first !== undefined) return parseMeasure(first, lookupCode)
  const code = lookupCode(symbol)
  if (code !== undefined) return code
  for (const [word, meaning] of wordsWithPrefix) {
    if (symbol.endsWith(word) && symbol.length - word.length <= 1) {
      const prefixed = parseMeasure(symbol.slice(0, -word.length) + meaning, lookupCode)
      if (prefixed !== undefined) return prefixed
    }
  }
  const any = wordsAnyCase.get(symbol.toLowerCase())
  return any === undefined ? undefined : parseMeasure(any, lookupCode)
}

/** A symbol, or a prefix and one that takes prefixes. Of two readings the whole symbol is meant: `min` are minutes. */
function findIn(known: ReadonlyMap<string, Atom>, symbol: string): Measure | undefined {
  const whole = known.get(symbol)
  if (whole !== undefined) return whole.measure
  for (const [prefix, exponent] of prefixes) {
    if (!symbol.startsWith(prefix)) continue
    const atom = known.get(symbol.slice(prefix.length))
    if (atom?.metric === true) return scaled(atom.measure, power(ratio(10n), exponent))
  }
  const binary = binaryPrefixes.find(([prefix]) => symbol.startsWith(prefix))
  const atom = binary === undefined ? undefined : known.get(symbol.slice(binary[0].length))
  return atom?.binary === true ? scaled(atom.measure, power(ratio(1024n), binary![1])) : undefined
}

function scaled(measure: Measure, factor: Ratio): Measure {
  return { ...measure, scale: times(measure.scale, factor) }
}

function makeAtoms(): ReadonlyMap<string, Atom> {
  const made = new Map<string, Atom>()
  const lookup: Lookup = (symbol) => findIn(made, symbol)
  const define = (code: string, measure: Measure, metric: boolean): void => void made.set(code, { measure: { ...measure, code, simple: true }, metric, binary: code === 'bit' || code === 'By' })
  const base = (name: string): Measure => ({ scale: one, offset: zero, dimensions: new Map([[name, 1]]), code: name, simple: true })
  for (const name of baseUnits) define(name, base(name), !baseUnitsWithoutPrefix.has(name))
  for (const [code, factor, of, metric] of atomRows) {
    const measure = parseMeasure(of, lookup)
    if (measure === undefined || measure.code.length > longestUnit) throw new TypeError(`${of} is no unit`)
    define(code, scaled(measure, decimal(factor)), metric !== undefined)
  }
  for (const [code, shift, factor, of, metric] of shiftedRows) {
    const [n, d = '1'] = factor.split('/')
    const scale = over(decimal(n!), decimal(d))
    define(code, { ...base(of), scale, offset: times(decimal(shift), scale) }, metric !== undefined)
  }
  return made
}

function dimensionOf({ dimensions }: Measure): string {
  return [...dimensions].map(([name, exponent]) => (exponent === 1 ? name : `${name}${exponent}`)).sort().join('.')
}
