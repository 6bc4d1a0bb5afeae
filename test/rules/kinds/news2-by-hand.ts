/** NEWS2 as a person would work it out from the printed chart: nothing of the gateway is in it. */

export interface Vitals {
  readonly respiratory_rate?: number
  readonly spo2?: number
  readonly supplemental_oxygen?: boolean
  readonly systolic_bp?: number
  readonly heart_rate?: number
  readonly consciousness?: string
  readonly temperature?: number
}

export interface Chart { readonly total: number; readonly complete: boolean; readonly level: 'low' | 'low-medium' | 'medium' | 'high' }

/** Half up on the decimals that are written, in whole tenths or ones: 38.05 → 381 tenths. */
export function roundHalfUp(value: number, decimals: number): number {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(value.toFixed(decimals) === String(value) ? String(value) : plain(value))!
  const kept = BigInt(whole! + fraction.slice(0, decimals).padEnd(decimals, '0'))
  const rest = fraction.slice(decimals)
  if (sign === '') return Number(kept + ((rest[0] ?? '0') >= '5' ? 1n : 0n))
  // Below zero, up is towards zero: more than half goes down.
  const down = /^[6-9]|^5.*[1-9]/.test(rest)
  return -Number(kept + (down ? 1n : 0n))
}

function plain(value: number): string {
  const written = String(value)
  if (!written.includes('e')) return written
  return value.toFixed(100).replace(/0+$/, '0')
}

const pointsOf = {
  respiratory_rate: (x: number): number => (x <= 8 ? 3 : x <= 11 ? 1 : x <= 20 ? 0 : x <= 24 ? 2 : 3),
  spo2Scale1: (x: number): number => (x <= 91 ? 3 : x <= 93 ? 2 : x <= 95 ? 1 : 0),
  spo2Scale2(x: number, oxygen: boolean | undefined): number {
    if (x <= 83) return 3
    if (x <= 85) return 2
    if (x <= 87) return 1
    // On air, and as long as nobody says which: at least none.
    if (x <= 92 || oxygen !== true) return 0
    return x <= 94 ? 1 : x <= 96 ? 2 : 3
  },
  systolic_bp: (x: number): number => (x <= 90 ? 3 : x <= 100 ? 2 : x <= 110 ? 1 : x <= 219 ? 0 : 3),
  heart_rate: (x: number): number => (x <= 40 ? 3 : x <= 50 ? 1 : x <= 90 ? 0 : x <= 110 ? 1 : x <= 130 ? 2 : 3),
  temperatureTenths: (x: number): number => (x <= 350 ? 3 : x <= 360 ? 1 : x <= 380 ? 0 : x <= 390 ? 1 : 2),
}

export function news2(vitals: Vitals, scale: 1 | 2): Chart {
  const ones = (x: number): number => roundHalfUp(x, 0)
  const given = [
    vitals.respiratory_rate === undefined ? undefined : pointsOf.respiratory_rate(ones(vitals.respiratory_rate)),
    vitals.spo2 === undefined ? undefined : scale === 2 ? pointsOf.spo2Scale2(ones(vitals.spo2), vitals.supplemental_oxygen) : pointsOf.spo2Scale1(ones(vitals.spo2)),
    vitals.supplemental_oxygen === undefined ? undefined : vitals.supplemental_oxygen ? 2 : 0,
    vitals.systolic_bp === undefined ? undefined : pointsOf.systolic_bp(ones(vitals.systolic_bp)),
    vitals.heart_rate === undefined ? undefined : pointsOf.heart_rate(ones(vitals.heart_rate)),
    vitals.consciousness === undefined ? undefined : vitals.consciousness === 'A' ? 0 : 3,
    vitals.temperature === undefined ? undefined : pointsOf.temperatureTenths(roundHalfUp(vitals.temperature, 1)),
  ]
  const known = given.filter((points) => points !== undefined)
  const total = known.reduce((sum, points) => sum + points, 0)
  return { total, complete: known.length === given.length, level: total >= 7 ? 'high' : total >= 5 ? 'medium' : known.includes(3) ? 'low-medium' : 'low' }
}
