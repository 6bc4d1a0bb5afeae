import { timeOfDay, unitText, valueText } from '../parts/format.ts'
import type { Alarm } from '../data/alarm-list.ts'

type State = Alarm['state']

const stateText: Readonly<Record<State, string>> = {
  normal: 'Normal',
  unacked: 'Not acknowledged',
  acked: 'Acknowledged',
  'rtn-unacked': 'Back to normal, not acknowledged',
  'latched-unacked': 'Latched, not acknowledged',
  'latched-acked': 'Latched, waits for a reset',
}

export function stateWord(state: State): string {
  return stateText[state] ?? state
}

/** As it is shown: out of service hides suppressed, that hides shelved, that hides the core state. */
export function stateWords({ state, overlays, shelvedUntil, acknowledgedBy }: Alarm): string {
  if (overlays.includes('out-of-service')) return 'Out of service'
  if (overlays.includes('suppressed')) return 'Suppressed'
  if (overlays.includes('shelved')) return shelvedUntil === null ? 'Shelved' : `Shelved until ${timeOfDay(Date.parse(shelvedUntil))}`
  if (state === 'acked' && acknowledgedBy !== null) return `Acknowledged by ${acknowledgedBy}`
  return stateWord(state)
}

export function isLatched({ state }: Alarm): boolean {
  return state === 'latched-unacked' || state === 'latched-acked'
}

const levelText: Readonly<Record<string, string>> = { lolo: 'very low', lo: 'low', hi: 'high', hihi: 'very high' }

/** The level of a rule with limits in words; a band of a score is its own word. */
export function levelWord(level: string | null): string {
  return level === null ? '' : (levelText[level] ?? level)
}

/** "86 %, low limit 90 %"; undefined where the rule's kind has no value. */
export function valueAndLimit({ value, unit, limit, level }: Pick<Alarm, 'value' | 'unit' | 'limit' | 'level'>): string | undefined {
  const shown = value === null ? undefined : valueText(value, unit)
  // What a rule with `equals` waits for is no limit: the message says what is wrong.
  if (typeof limit !== 'number' || (level === null && limit === value)) return shown
  const word = level !== null && levelText[level] !== undefined ? `${levelText[level]} limit` : 'limit'
  const crossed = `${word} ${valueText(limit, unit)}`
  return shown === undefined ? crossed : `${shown}, ${crossed}`
}

/** Labels tell where a device stands: "ward east · room 3". */
export function placeOf(labels: Alarm['labels']): string {
  return Object.entries(labels).map(([name, value]) => `${name} ${value}`).join(' · ')
}

/** The message; a rule without one has at least its name. */
export function titleOf({ message, rule, device, key }: Pick<Alarm, 'message' | 'rule' | 'device' | 'key'>): string {
  if (message === '') return `${rule} on ${device ?? key}`
  // Rules write {unit}, which is the UCUM code; people read another.
  return message.replace(/(\d)(Cel|mm\[Hg\]|\/min|\[degF\])(?![\w/])/g, (_, digit: string, unit: string) => `${digit} ${unitText(unit)}`)
}

/** Where the alarm is: the device, or what it is kept per. */
export function subjectOf({ device, key }: Pick<Alarm, 'device' | 'key'>): string {
  return device ?? (key === 'gateway' ? 'the gateway' : key)
}
