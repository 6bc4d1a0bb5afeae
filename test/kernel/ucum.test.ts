import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Unit } from '../../gateway/kernel/ucum.ts'
import { convert, converter, parseUnit, sameDimension, unitSuggestion } from '../../gateway/kernel/ucum.ts'
import { atomRows, baseUnits, shiftedRows } from '../../gateway/kernel/ucum-atoms.ts'
import { wordsAnyCase, wordsFirst, wordsWithPrefix } from '../../gateway/kernel/ucum-words.ts'

const unit = (text: string): Unit => {
  const parsed = parseUnit(text)
  if (parsed === undefined) throw new Error(`${text} is no unit`)
  return parsed
}

/** What a site measures in, by what can be compared. */
const groups = [
  ['Cel', 'K', '[degF]', '[degR]', 'mK', 'mCel'],
  ['Pa', 'kPa', 'hPa', 'bar', 'mbar', 'mm[Hg]', 'cm[H2O]', '[psi]', "[in_i'Hg]", 'atm', 'N/m2'],
  ['%', '1', '10*-6', '[ppm]', '[ppb]', '{index}', '10*3'],
  ['/min', '1/min', '{beats}/min', 'Hz', '1/s', 'kHz', 'Bq', '/h'],
  ['m', 'cm', 'mm', 'km', 'um', '[in_i]', '[ft_i]', '[mi_i]', '[nmi_i]'],
  ['m/s', 'km/h', '[mi_i]/h', '[kn_i]', 'mm/s'],
  ['m/s2', '[g]', 'm[g]', 'Gal', 'm.s-2'],
  ['g', 'kg', 'mg', 'ug', 't', '[lb_av]', '[oz_av]'],
  ['L', 'l', 'mL', 'm3', 'cm3', 'dm3', '[gal_us]', '[cft_i]'],
  ['L/min', 'm3/h', 'mL/h', '[cft_i]/min', 'L.min-1'],
  ['s', 'ms', 'us', 'min', 'h', 'd', 'wk'],
  ['V', 'mV', 'kV', 'W/A'], ['A', 'mA', 'uA', 'mC/s'], ['W', 'kW', 'MW', 'J/s', 'V.A', '[HP]'], ['W.h', 'kW.h', 'J', 'kJ', 'kcal', 'N.m', '[Btu_IT]'],
  ['Ohm', 'kOhm', 'V/A'], ['S/m', 'uS/cm', 'mS/cm'], ['lx', 'klx', 'lm/m2'], ['lm', 'cd.sr'], ['cd', 'mcd'],
  ['dB[SPL]', 'B[SPL]'], ['dB[mW]', 'dB[W]', 'B[kW]'], ['dB', 'cB'], ['[pH]'],
  ['mol/L', 'mmol/L', 'mol/m3', 'meq/L'], ['mg/dL', 'ug/m3', 'g/L', 'kg.m-3', 'kg/m3'], ['U/L', 'kat/m3'], ['[iU]/L', 'm[iU]/mL'],
  ['deg', 'rad', 'gon'], ['deg/s', 'rad/s'], ['bit', 'By', 'kBy', 'MiBy', 'GBy'], ['bit/s', 'Mbit/s', 'By/s'],
  ['N', 'kN', 'kgf', '[lbf_av]'], ['T', 'mT', 'G'], ['Sv/h', 'uSv/h'], ['W/m2', 'mW/cm2'], ['umol/(m2.s)', 'umol.m-2.s-1'],
] as const

describe('units', () => {
  it('are of the same dimension within a group and of no other', () => {
    const all = groups.flatMap((codes, group) => codes.map((code) => ({ code, group, parsed: unit(code) })))
    for (const one of all) {
      for (const other of all) expect([one.code, other.code, sameDimension(one.parsed, other.parsed)]).toEqual([one.code, other.code, one.group === other.group])
    }
    expect(all.length).toBeGreaterThan(120)
  })

  it.each<[number, string, number, string]>([
    [99.8, 'Cel', 211.64, '[degF]'], [273.15, 'K', 32, '[degF]'], [130.8, 'kPa', 130_800, 'Pa'], [0.3, 'kPa', 300, 'Pa'], [9_007_199_254_740_991, 'm', 9_007_199_254_740_991_000, 'mm'],
    [37, 'Cel', 98.6, '[degF]'], [98.6, '[degF]', 37, 'Cel'], [36.6, 'Cel', 309.75, 'K'], [-40, 'Cel', -40, '[degF]'], [0, 'K', -273.15, 'Cel'], [491.67, '[degR]', 0, 'Cel'],
    [1, 'mm', 0.001, 'm'], [1, '[in_i]', 2.54, 'cm'], [1, '[mi_i]', 1609.344, 'm'], [100, 'km/h', 27.77777777777778, 'm/s'], [1, '[kn_i]', 0.5144444444444445, 'm/s'],
    [120, 'mm[Hg]', 15.99864, 'kPa'], [1013.25, 'hPa', 1, 'atm'], [1, 'bar', 14.503773773020923, '[psi]'], [1, 'mbar', 100, 'Pa'],
    [97, '%', 0.97, '1'], [420, '[ppm]', 0.042, '%'], [5, '10*-6', 5, '[ppm]'], [72, '/min', 1.2, 'Hz'], [1, 'Hz', 60, '{beats}/min'],
    [1, '[g]', 9.80665, 'm/s2'], [1, '[lb_av]', 453.59237, 'g'], [60, 'L/min', 3.6, 'm3/h'], [1, 'kW.h', 3_600_000, 'J'], [1, 'mA.h', 3.6, 'A.s'],
    [1, 'uS/cm', 0.0001, 'S/m'], [1, 'mg/dL', 10, 'mg/L'], [180, 'deg', Math.PI, 'rad'], [1, 'gon', 0.9, 'deg'], [1, 'MiBy', 1048.576, 'kBy'], [8, 'Mbit/s', 1, 'MBy/s'],
    [30, 'dB[mW]', 0, 'dB[W]'], [94, 'dB[SPL]', 9.4, 'B[SPL]'], [1, 'Cel/min', 108, '[degF]/h'], [1, 'cal', 4.184, 'J'], [1, 'lm/m2', 1, 'lx'], [60, 'U', 1, 'ukat'],
  ])('%d %s are %d %s', (value, from, expected, to) => {
    expect(convert(value, unit(from), unit(to))).toBeCloseTo(expected, 12)
    expect(converter(from, to)!(value)).toBeCloseTo(expected, 12)
  })

  it('rounds no more than doubles must', () => {
    expect(converter('Cel', '[degF]')!(37)).toBe(98.6)
    expect(converter('[degF]', 'Cel')!(98.6)).toBe(37)
    for (let tenths = -500; tenths <= 500; tenths++) {
      expect(converter('Cel', 'K')!(tenths / 10)).toBe((27_315 + tenths * 10) / 100)
      expect(converter('mm', 'm')!(tenths)).toBe(tenths / 1_000)
      expect(converter('%', '1')!(tenths)).toBe(tenths / 100)
    }
  })

  it.each([
    ['°C', 'Cel'], ['℃', 'Cel'], ['C', 'Cel'], ['celsius', 'Cel'], ['Celsius', 'Cel'], ['degC', 'Cel'], ['deg C', 'Cel'], ['°F', '[degF]'], ['F', '[degF]'], ['mmHg', 'mm[Hg]'], ['bpm', '/min'],
    ['beats/min', '{beats}/min'], ['breaths/min', '{breaths}/min'], ['rpm', '/min'], ['%RH', '%'], ['% RH', '%'], ['percent', '%'], ['l/min', 'l/min'], ['lpm', 'L/min'],
    ['kWh', 'kW.h'], ['Wh', 'W.h'], ['mAh', 'mA.h'], ['kVA', 'kV.A'], ['ppm', '[ppm]'], ['PPM', '[ppm]'], ['µg/m³', 'ug/m3'], ['μg/m3', 'ug/m3'], ['m/s²', 'm/s2'], ['m^2', 'm2'],
    ['N*m', 'N.m'], ['N·m', 'N.m'], ['Nm', 'N.m'], ['kNm', 'kN.m'], ['dBA', 'dB[SPL]'], ['dB(A)', 'dB[SPL]'], ['dBm', 'dB[mW]'], ['pH', '[pH]'], ['kB', 'kBy'], ['MB/s', 'MBy/s'],
    ['KiB', 'KiBy'], ['Mbps', 'Mbit/s'], ['psi', '[psi]'], ['PSI', '[psi]'], ['inHg', "[in_i'Hg]"], ['mph', '[mi_i]/h'], ['ft', '[ft_i]'], ['ft/min', '[ft_i]/min'], ['in', '[in_i]'],
    ['lbs', '[lb_av]'], ['kΩ', 'kOhm'], ['Ω', 'Ohm'], ['lux', 'lx'], ['hours', 'h'], ['sec', 's'], [' kPa ', 'kPa'], ['{RH}', '{RH}'], ['%{RH}', '%{RH}'], ['m / s', 'm/s'], ['W·m⁻²', 'W.m-2'],
  ])('%s is written %s in UCUM', (written, code) => {
    expect(parseUnit(written)?.code).toBe(code)
  })

  it.each(['mV', 'nm', 'min', 'cd', 'h', 'd', 'mo', 'a', 'hPa', 'Pa.s', 'Gal', 'G', 'T', 'kat', 'dar', 'daPa', 'uC', 'm/(s.m2)', '/m2/s', '10*3/uL', "[in_i'H2O]"])('takes %s as UCUM means it', (code) => {
    expect(parseUnit(code)?.code).toBe(code)
  })

  it.each(['', ' ', 'x', 'furlong', 'm//s', 'm/', '.m', 'm.', '(m', 'm)', '()', 'm{', '}', 'm{a{b}}', '[x', ']', 'm0', 'm+', 'm31', '0/min', '10*x', 'C2x', 'kmin', 'Kim', '-m', 'm s', '__proto__', 'constructor', 'toString', 'm'.repeat(65), '('.repeat(40)])('does not know %j', (text) => {
    expect(parseUnit(text)).toBeUndefined()
  })

  it('guesses no molar mass, and no level from another quantity', () => {
    for (const [a, b] of [['mmol/L', 'mg/dL'], ['dB[SPL]', 'Pa'], ['dB', '1'], ['dB[SPL]', 'dB'], ['[pH]', 'mol/L'], ['By', '1'], ['rad/s', 'Hz'], ['lm', 'cd'], ['[iU]/L', 'U/L']] as const) {
      expect([a, b, converter(a, b)]).toEqual([a, b, undefined])
    }
    expect([converter('Cel', 'nonsense'), converter('nonsense', 'Cel')]).toEqual([undefined, undefined])
  })

  it('suggests the code that was meant', () => {
    expect(unitSuggestion('celcius')).toBe('did you mean "Cel"?')
    expect(unitSuggestion('mmhgg')).toBe('did you mean "mm[Hg]"?')
    expect(unitSuggestion('percnt')).toBe('did you mean "%"?')
    expect(unitSuggestion('zzz')).toBe('write a UCUM code, e.g. %, Cel, /min, mm[Hg], kPa, m/s, kW.h')
  })
})

describe('the tables of units', () => {
  it('hold what can be read, and words for codes that are UCUM’s', () => {
    for (const code of [...baseUnits, ...atomRows.map(([name]) => name), ...shiftedRows.map(([name]) => name)]) {
      expect([code, parseUnit(code) !== undefined]).toEqual([code, true])
    }
    for (const [word, code] of [...wordsFirst, ...wordsAnyCase, ...wordsWithPrefix]) {
      expect([word, parseUnit(word)?.code]).toEqual([word, code])
      // What is stored is read again as what it is.
      expect([code, parseUnit(code)?.code]).toEqual([code, code])
    }
  })
})

describe('conversion, for any units and values', () => {
  const codes = groups.map((group) => group.map(unit))
  const trio = fc.constantFrom(...codes).chain((group) => fc.tuple(fc.constantFrom(...group), fc.constantFrom(...group), fc.constantFrom(...group)))
  const value = fc.double({ min: -1e9, max: 1e9, noNaN: true })
  /** Relative to what was added on the way: near 0 Cel a kelvin's rounding is what remains. */
  const near = (a: number, b: number, { scale, offset }: Unit): void => {
    const added = Math.abs((Number(offset.n) / Number(offset.d)) / (Number(scale.n) / Number(scale.d)))
    // 15 digits, of a temperature ten decimals, which are fewer in another unit.
    expect(Math.abs(a - b)).toBeLessThanOrEqual(2e-14 * (Math.abs(b) + added) + (added > 0 ? 1e-7 : 1e-300))
  }

  it('comes back to what it was', () => {
    fc.assert(fc.property(trio, value, ([a, b], x) => near(convert(convert(x, a, b)!, b, a)!, x, bigger(a, b))), { numRuns: 2_000 })
  })

  it('is the same over a third unit', () => {
    fc.assert(fc.property(trio, value, ([a, b, c], x) => near(convert(convert(x, a, b)!, b, c)!, convert(x, a, c)!, wider(a, b, c))), { numRuns: 2_000 })
  })

  it('keeps order', () => {
    fc.assert(fc.property(trio, value, value, ([a, b], x, y) => {
      if (x < y) expect(convert(x, a, b)!).toBeLessThanOrEqual(convert(y, a, b)!)
    }))
  })

  it('is of a prefix by a power of ten', () => {
    const prefix = fc.constantFrom(['k', 3], ['M', 6], ['h', 2], ['m', -3], ['u', -6], ['c', -2], ['da', 1], ['d', -1], ['G', 9], ['n', -9])
    fc.assert(fc.property(prefix, fc.constantFrom('m', 's', 'g', 'Pa', 'V', 'A', 'W', 'J', 'L', 'Hz', 'mol', 'lx', 'Ohm', 'm[Hg]', 'By'), ([letters, exponent], symbol) => {
      expect(convert(1, unit(`${letters}${symbol}`), unit(symbol))).toBe(Number(`1e${exponent}`))
    }))
  })

  it('reads anything without throwing, and what it gave again as the same', () => {
    const piece = fc.constantFrom('m', 'k', 'Cel', '[degF]', 'mm[Hg]', '/', '.', '(', ')', '{', '}', '{x}', '[', ']', '10*', '10^', '-3', '+', '2', '99', '%', "'", 'kWh', 'bpm', 'ft', '°', '²', 'µ', ' ', '*', '^')
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 70 }), fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))), (text) => {
      const read = parseUnit(text)
      if (read !== undefined) expect(parseUnit(read.code)).toEqual(read)
    }), { numRuns: 1_000 })
  })
})

/** The unit with the greatest share of its offset, in its own size. */
function bigger(a: Unit, b: Unit): Unit {
  return a.offset.n === 0n ? { ...a, offset: b.offset } : a
}

function wider(a: Unit, b: Unit, c: Unit): Unit {
  return { ...c, offset: [a, b, c].find(({ offset }) => offset.n !== 0n)?.offset ?? c.offset }
}
