/**
 * What people and data sheets write for UCUM codes. In codes on the right every symbol is UCUM's.
 */

/** These stand before UCUM's own meaning, which nobody at a sensor has in mind: coulomb, farad, bel, picohenry, femtotonne. */
export const wordsFirst: ReadonlyMap<string, string> = new Map([
  ['C', 'Cel'], ['F', '[degF]'], ['B', 'By'], ['kB', 'kBy'], ['KB', 'kBy'], ['MB', 'MBy'], ['GB', 'GBy'], ['TB', 'TBy'], ['pH', '[pH]'], ['ft', '[ft_i]'],
])

/** Symbols that take prefixes (`kWh`, `mAh`), case as written. */
export const wordsWithPrefix: ReadonlyMap<string, string> = new Map([['Wh', 'W.h'], ['Ah', 'A.h'], ['VA', 'V.A'], ['var', 'V.A'], ['VAr', 'V.A'], ['Nm', 'N.m'], ['bps', 'bit/s']])

/** Whatever the case; looked for where a symbol is no code of UCUM's. */
const words: Readonly<Record<string, string>> = {
  // Temperature
  'celsius': 'Cel', 'degc': 'Cel', 'degreecelsius': 'Cel', 'degreescelsius': 'Cel', 'centigrade': 'Cel', 'cel': 'Cel', 'fahrenheit': '[degF]', 'degf': '[degF]',
  'degreefahrenheit': '[degF]', 'degreesfahrenheit': '[degF]', 'kelvin': 'K', 'degk': 'K',
  // Pressure
  'mmhg': 'mm[Hg]', 'torr': 'mm[Hg]', 'cmh2o': 'cm[H2O]', 'mmh2o': 'mm[H2O]', 'inhg': "[in_i'Hg]", 'inh2o': "[in_i'H2O]", 'psi': '[psi]', 'pascal': 'Pa', 'pa': 'Pa', 'hpa': 'hPa',
  'kpa': 'kPa', 'millibar': 'mbar',
  // Shares
  'percent': '%', 'pct': '%', '%rh': '%', 'rh%': '%', 'rh': '%', '%vol': '%', '%vwc': '%', 'ppm': '[ppm]', 'ppb': '[ppb]', 'permille': '[ppth]',
  'unitless': '1', 'none': '1', 'count': '1', 'counts': '1', 'ratio': '1',
  // Frequency
  'bpm': '/min', 'rpm': '/min', 'beatsperminute': '/min', 'breathsperminute': '/min', 'perminute': '/min', 'brpm': '/min', 'beats': '{beats}', 'breaths': '{breaths}', 'revolutions': '{revolutions}', 'rev': '{rev}', 'cycles': '{cycles}',
  'pulses': '{pulses}', 'drops': '{drops}', 'hertz': 'Hz', 'hz': 'Hz', 'khz': 'kHz',
  // Time
  'sec': 's', 'secs': 's', 'second': 's', 'seconds': 's', 'msec': 'ms', 'millisecond': 'ms', 'milliseconds': 'ms', 'mins': 'min', 'minute': 'min', 'minutes': 'min',
  'hr': 'h', 'hrs': 'h', 'hour': 'h', 'hours': 'h', 'day': 'd', 'days': 'd', 'week': 'wk', 'weeks': 'wk', 'month': 'mo', 'year': 'a', 'years': 'a',
  // Length, area, speed
  'metre': 'm', 'meter': 'm', 'metres': 'm', 'meters': 'm', 'in': '[in_i]', 'inch': '[in_i]', 'inches': '[in_i]', 'foot': '[ft_i]', 'feet': '[ft_i]', 'yd': '[yd_i]',
  'yard': '[yd_i]', 'mi': '[mi_i]', 'mile': '[mi_i]', 'miles': '[mi_i]', 'nmi': '[nmi_i]', 'mph': '[mi_i]/h', 'kmh': 'km/h', 'kph': 'km/h', 'knot': '[kn_i]', 'knots': '[kn_i]',
  'kn': '[kn_i]', 'sqm': 'm2', 'ha': 'har',
  // Volume, mass, flow
  'litre': 'L', 'liter': 'L', 'litres': 'L', 'liters': 'L', 'cc': 'cm3', 'ccm': 'cm3', 'cbm': 'm3', 'lpm': 'L/min', 'cfm': '[cft_i]/min', 'kilogram': 'kg', 'gram': 'g',
  'grams': 'g', 'lb': '[lb_av]', 'lbs': '[lb_av]', 'pound': '[lb_av]', 'pounds': '[lb_av]', 'oz': '[oz_av]', 'ounce': '[oz_av]', 'tonne': 't',
  // Electricity, energy, force
  'volt': 'V', 'volts': 'V', 'amp': 'A', 'amps': 'A', 'ampere': 'A', 'watt': 'W', 'watts': 'W', 'kw': 'kW', 'kwh': 'kW.h', 'wh': 'W.h', 'ohms': 'Ohm', 'ohm': 'Ohm',
  'kohm': 'kOhm', 'joule': 'J', 'hp': '[HP]', 'btu': '[Btu_IT]', 'newton': 'N', 'lbf': '[lbf_av]', 'gforce': '[g]',
  // Light, sound, radio
  'lux': 'lx', 'lumen': 'lm', 'lumens': 'lm', 'candela': 'cd', 'db': 'dB', 'dba': 'dB[SPL]', 'db(a)': 'dB[SPL]', 'dbspl': 'dB[SPL]', 'dbm': 'dB[mW]',
  // Data
  'bits': 'bit', 'byte': 'By', 'bytes': 'By', 'kib': 'KiBy', 'mib': 'MiBy', 'gib': 'GiBy', 'tib': 'TiBy',
  // Chemistry, angle
  'ph': '[pH]', 'iu': '[iU]', 'ntu': '{NTU}', 'fnu': '{FNU}', 'psu': '{PSU}', 'cfu': '[CFU]', 'degree': 'deg', 'degrees': 'deg', 'radian': 'rad',
}

export const wordsAnyCase: ReadonlyMap<string, string> = new Map(Object.entries(words))

/** Typography for what UCUM writes in ASCII: °C ℃ °F ° µ Ω ‰, middle dots, superscripts, slashes. */
const marks: readonly (readonly [RegExp, string])[] = [
  [/\u00b0\s?[cC]|\u2103/g, 'Cel'], [/\u00b0\s?[fF]|\u2109/g, '[degF]'], [/[\u00b0\u00ba]/g, 'deg'], [/[\u00b5\u03bc]/g, 'u'], [/[\u03a9\u2126]/g, 'Ohm'], [/\u2030/g, '[ppth]'],
  [/[\u00b7\u22c5\u2022\u00d7\u2219]/g, '.'], [/[\u207b\u2212\u2013]/g, '-'], [/\u00b9/g, '1'], [/[\u00b2\u2082]/g, '2'], [/[\u00b3\u2083]/g, '3'], [/[\u2044\u2215]/g, '/'],
]

/** Without typography, and spaces around operators; `m^2` and `N*m` as UCUM has them. */
export function asciiOf(text: string): string {
  let written = text.trim()
  // eslint-disable-next-line no-control-regex -- all of ASCII
  if (/[^\u0000-\u007f]/.test(written)) for (const [mark, code] of marks) written = written.replace(mark, code)
  if (written.includes(' ')) written = written.replace(/ ?([./*]) ?/g, '$1')
  if (/[*^]/.test(written)) written = written.replace(/([A-Za-z\]])\^(?=[+-]?\d)/g, '$1').replace(/([A-Za-z\]\d])\*(?=[A-Za-z[])/g, '$1.')
  return written
}

/** What the whole text stands for, whatever its case and spaces. */
export function meaningOf(written: string): string | undefined {
  return wordsAnyCase.get(written.replaceAll(' ', '').toLowerCase())
}
