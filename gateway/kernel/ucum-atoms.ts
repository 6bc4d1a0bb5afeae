/**
 * The units of UCUM that sensors, machines and patients are measured in, by what they are made of (ucum.org, tables 1–12).
 * `metric`: takes prefixes. Two things are kept apart that UCUM makes plain numbers: amount of substance (`mol`), so that
 * mmol/L and mg/dL are never compared without a molar mass, and information (`bit`).
 */
type AtomRow = readonly [code: string, factor: string, of: string, metric?: 'metric']

/** Each a dimension of its own. Levels are logarithms: with another reference they are another dimension. */
export const baseUnits = ['m', 's', 'g', 'K', 'A', 'cd', 'rad', 'mol', 'bit', 'B', 'Np', 'B[SPL]', '[iU]', "[arb'U]", "[USP'U]", '[CFU]'] as const

/** Without prefixes among them. */
export const baseUnitsWithoutPrefix: ReadonlySet<string> = new Set(['[CFU]'])

export const atomRows: readonly AtomRow[] = [
  // Numbers
  ['10*', '10', '1'], ['10^', '10', '1'], ['[pi]', '3.141592653589793', '1'],
  ['%', '0.01', '1'], ['[ppth]', '1e-3', '1'], ['[ppm]', '1e-6', '1'], ['[ppb]', '1e-9', '1'], ['[pptr]', '1e-12', '1'],
  // Time
  ['min', '60', 's'], ['h', '60', 'min'], ['d', '24', 'h'], ['wk', '7', 'd'], ['a', '365.25', 'd'], ['mo', '30.4375', 'd'],
  // SI
  ['sr', '1', 'rad2', 'metric'], ['Hz', '1', 's-1', 'metric'], ['N', '1', 'kg.m/s2', 'metric'], ['Pa', '1', 'N/m2', 'metric'], ['J', '1', 'N.m', 'metric'],
  ['W', '1', 'J/s', 'metric'], ['C', '1', 'A.s', 'metric'], ['V', '1', 'W/A', 'metric'], ['F', '1', 'C/V', 'metric'], ['Ohm', '1', 'V/A', 'metric'],
  ['S', '1', 'A/V', 'metric'], ['mho', '1', 'S', 'metric'], ['Wb', '1', 'V.s', 'metric'], ['T', '1', 'Wb/m2', 'metric'], ['H', '1', 'Wb/A', 'metric'],
  ['lm', '1', 'cd.sr', 'metric'], ['lx', '1', 'lm/m2', 'metric'], ['Bq', '1', 's-1', 'metric'], ['Gy', '1', 'J/kg', 'metric'], ['Sv', '1', 'J/kg', 'metric'],
  ['l', '1', 'dm3', 'metric'], ['L', '1', 'dm3', 'metric'], ['ar', '100', 'm2', 'metric'], ['t', '1000', 'kg', 'metric'], ['bar', '1e5', 'Pa', 'metric'],
  ['u', '1.6605390666e-27', 'kg', 'metric'], ['eV', '1.602176634e-19', 'J', 'metric'],
  // Angle
  ['deg', '2', '[pi].rad/360'], ["'", '1', 'deg/60'], ["''", '1', "'/60"], ['gon', '0.9', 'deg'],
  // Older metric units
  ['G', '1e-4', 'T', 'metric'], ['P', '0.1', 'Pa.s', 'metric'], ['St', '1', 'cm2/s', 'metric'], ['Gal', '1', 'cm/s2', 'metric'], ['Ci', '3.7e10', 'Bq', 'metric'],
  ['cal', '4.184', 'J', 'metric'], ['[Cal]', '1', 'kcal'], ['[g]', '9.80665', 'm/s2', 'metric'], ['gf', '1', 'g.[g]', 'metric'], ['Ao', '0.1', 'nm'],
  // Inch and pound
  ['[in_i]', '2.54', 'cm'], ['[ft_i]', '12', '[in_i]'], ['[yd_i]', '3', '[ft_i]'], ['[mi_i]', '5280', '[ft_i]'], ['[mil_i]', '1e-3', '[in_i]'], ['[fth_i]', '6', '[ft_i]'],
  ['[nmi_i]', '1852', 'm'], ['[kn_i]', '1', '[nmi_i]/h'], ['[sin_i]', '1', '[in_i]2'], ['[sft_i]', '1', '[ft_i]2'], ['[syd_i]', '1', '[yd_i]2'],
  ['[cin_i]', '1', '[in_i]3'], ['[cft_i]', '1', '[ft_i]3'], ['[cyd_i]', '1', '[yd_i]3'], ['[gal_us]', '231', '[in_i]3'], ['[qt_us]', '1', '[gal_us]/4'],
  ['[pt_us]', '1', '[qt_us]/2'], ['[foz_us]', '1', '[pt_us]/16'], ['[gal_br]', '4.54609', 'l'], ['[gr]', '64.79891', 'mg'], ['[lb_av]', '7000', '[gr]'],
  ['[oz_av]', '1', '[lb_av]/16'], ['[stone_av]', '14', '[lb_av]'], ['[ston_av]', '2000', '[lb_av]'], ['[lton_av]', '2240', '[lb_av]'],
  ['[lbf_av]', '1', '[lb_av].[g]'], ['[HP]', '550', '[ft_i].[lbf_av]/s'], ['[Btu_IT]', '1.05505585262', 'kJ'], ['[degR]', '1', 'K.5/9'],
  // Pressure
  ['m[Hg]', '133.322', 'kPa', 'metric'], ['m[H2O]', '9.80665', 'kPa', 'metric'], ['atm', '101325', 'Pa'], ['att', '1', 'kgf/cm2'],
  ["[in_i'Hg]", '1', 'm[Hg].[in_i]/m'], ["[in_i'H2O]", '1', 'm[H2O].[in_i]/m'], ['[psi]', '1', '[lbf_av]/[in_i]2'],
  // Chemistry and medicine
  ['kat', '1', 'mol/s', 'metric'], ['U', '1', 'umol/min', 'metric'], ['eq', '1', 'mol', 'metric'], ['osm', '1', 'mol', 'metric'], ['g%', '1', 'g/dl', 'metric'],
  ['[IU]', '1', '[iU]', 'metric'],
  // Information
  ['By', '8', 'bit', 'metric'],
]

/** Scales with another zero: x of them are (x + `zero`) · `factor` of the base unit. */
export const shiftedRows: readonly (readonly [code: string, zero: string, factor: string, base: string, metric?: 'metric'])[] = [
  ['Cel', '273.15', '1', 'K', 'metric'], ['[degF]', '459.67', '5/9', 'K'],
  // Levels in bel; B[mW] is not in UCUM's table, but dBm is what radios report.
  ['B[W]', '0', '1', 'B[W]', 'metric'], ['B[kW]', '3', '1', 'B[W]', 'metric'], ['B[mW]', '-3', '1', 'B[W]', 'metric'],
  ['B[V]', '0', '1', 'B[V]', 'metric'], ['B[mV]', '-6', '1', 'B[V]', 'metric'], ['B[uV]', '-12', '1', 'B[V]', 'metric'],
  ['[pH]', '0', '1', '[pH]'],
]

/** By size; two-letter ones first, since they are looked for at the beginning of a symbol. */
export const prefixes: readonly (readonly [prefix: string, exponent: number])[] = [
  ['da', 1], ['Y', 24], ['Z', 21], ['E', 18], ['P', 15], ['T', 12], ['G', 9], ['M', 6], ['k', 3], ['h', 2],
  ['d', -1], ['c', -2], ['m', -3], ['u', -6], ['n', -9], ['p', -12], ['f', -15], ['a', -18], ['z', -21], ['y', -24],
]

/** Of bit and By only: powers of 1024. */
export const binaryPrefixes: readonly (readonly [prefix: string, power: number])[] = [['Ki', 1], ['Mi', 2], ['Gi', 3], ['Ti', 4]]
