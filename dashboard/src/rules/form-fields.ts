/** Which kinds and members the form knows, and how each is asked for. */
export interface Field {
  readonly path: string
  readonly label: string
  readonly hint?: string
  readonly choices?: readonly string[]
  /** One of these paths below it is written, with the words for each. */
  readonly oneOf?: Readonly<Record<string, string>>
}

/** In the order in which rules are written. */
export const knownMembers: readonly string[] = ['id', 'on', 'when', 'for', 'clearFor', 'stale', 'priority', 'mode', 'latch', 'ack', 'message']

const compared: Field = { path: '', label: 'Is', oneOf: { gt: 'above', ge: 'at or above', lt: 'below', le: 'at or below' } }

const hysteresis: Field = { path: 'hysteresis', label: 'Hysteresis' }

const duration = 'e.g. 30s, 5min, 2h'

const byKind: Readonly<Record<string, readonly Field[]>> = {
  level: [{ path: 'lolo', label: 'Very low at' }, { path: 'lo', label: 'Low at' }, { path: 'hi', label: 'High at' }, { path: 'hihi', label: 'Very high at' }, hysteresis],
  rate: [compared, hysteresis, { path: 'per', label: 'Per', hint: duration }, { path: 'over', label: 'Over the last', hint: duration }],
  absent: [{ path: 'after', label: 'Silent for', hint: duration }, { path: 'grace', label: 'More after a start', hint: duration }],
  nOfM: [{ path: 'n', label: 'So many' }, { path: 'm', label: 'of the last' }, compared],
  flat: [{ path: 'span', label: 'Unmoved for', hint: duration }, { path: 'eps', label: 'Moves by at most' }, { path: 'minCount', label: 'Readings at least' }],
  aggregate: [
    { path: 'fn', label: 'Of all values the', choices: ['avg', 'min', 'max', 'sum', 'count', 'stddev', 'p50', 'p95', 'p99'] },
    { path: 'window.', label: 'Over', hint: duration, oneOf: { sliding: 'a sliding time of', tumbling: 'one time after the other of' } }, { path: 'minCount', label: 'Readings at least' }, compared, hysteresis,
  ],
}

export const kindWords: Readonly<Record<string, string>> = {
  level: 'a value crosses limits', rate: 'a value changes too fast', absent: 'nothing is heard', nOfM: 'n of the last m readings', flat: 'a value does not move', aggregate: 'the mean, maximum … of a time',
}

export const kindFields: Readonly<Record<string, readonly string[]>> = Object.fromEntries(Object.entries(byKind).map(([kind, fields]) => [kind, fields.flatMap(pathsOf)]))

/** All that a field may write. */
export function pathsOf({ path, oneOf }: Field): readonly string[] {
  return oneOf === undefined ? [path] : Object.keys(oneOf).map((name) => `${path}${name}`)
}

export function fieldsOfKind(kind: string): readonly Field[] {
  return (byKind[kind] ?? []).map((field) => ({ ...field, path: `when.${kind}.${field.path}` }))
}

export const selectFields: readonly Field[] = [{ path: 'on.metric', label: 'Metric', hint: 'e.g. spo2' }, { path: 'on.device', label: 'Device', hint: 'e.g. bed-*' }, { path: 'on.deviceType', label: 'Device type' }]
export const timeFields: readonly Field[] = [{ path: 'for', label: 'For at least', hint: duration }, { path: 'clearFor', label: 'Gone for at least', hint: duration }, { path: 'stale', label: 'A value stands for', hint: 'as usual' }]
export const wayFields: readonly Field[] = [
  { path: 'mode', label: 'Mode', choices: ['live', 'shadow', 'off'] },
  { path: 'ack', label: 'Acknowledgement', choices: ['required', 'auto'] },
  { path: 'latch', label: 'Stays until reset', choices: ['false', 'true'] },
]

/** `on` knows more than the form; what it does not know stays. */
export const fieldOrder: readonly string[] = selectFields.map(({ path }) => path)

const texts = /^(?:id|message|on(?:\..*)?)$/

export function isTextField(path: string): boolean {
  return texts.test(path)
}
