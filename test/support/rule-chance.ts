import fc from 'fast-check'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { Happening } from './engine-life.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'

/** Rules of every kind and inputs of every sort, by chance: few names and few values, so that things meet. */
export const deviceNames = ['d1', 'd2', 'd3'] as const
const metricNames = ['a', 'b', 'c'] as const

const device = fc.constantFrom(...deviceNames)
const metric = fc.constantFrom(...metricNames)
const metricPattern = fc.constantFrom('a', 'a', 'b', 'c', '*', '?')
const short = fc.constantFrom('500ms', '1s', '2s', '5s', '8s', '30s')
const longer = fc.constantFrom('5s', '10s', '40s', '2min')

export type Written = Readonly<Record<string, unknown>>
const optionally = <T>(of: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined, freq })

const comparison: fc.Arbitrary<Written> = fc.oneof(
  fc.record({ gt: fc.constantFrom(0, 3, 5, 7) }), fc.record({ ge: fc.constantFrom(3, 6) }), fc.record({ lt: fc.constantFrom(3, 5) }), fc.record({ le: fc.constantFrom(0, 3) }),
  fc.record({ eq: fc.constantFrom<unknown>(3, true, 'text', 0) }), fc.record({ ne: fc.constantFrom<unknown>(3, true, 'text') }), fc.record({ between: fc.constantFrom([2, 6], [-1, 3]) }), fc.record({ outside: fc.constantFrom([2, 6], [1, 7]) }),
)
const numeric: fc.Arbitrary<Written> = fc.record({ gt: fc.constantFrom(0, 3, 5), hysteresis: fc.constantFrom(0, 1) })
const elsewhere: fc.Arbitrary<Written> = fc.oneof(fc.record({ device: fc.constantFrom('d1', 'd*') }), fc.constantFrom({ label: { room: 'x' } }), fc.constantFrom({ deviceType: 'oven' }))
const signal: fc.Arbitrary<Written> = fc.tuple(metricPattern, fc.option(elsewhere, { nil: {}, freq: 2 })).map(([name, where]) => ({ metric: name, ...where }))
const term: fc.Arbitrary<Written> = fc.tuple(signal, comparison).map(([on, is]) => ({ ...on, ...is }))

const whenOfReadings: readonly fc.Arbitrary<Written>[] = [
  fc.record({ level: fc.record({ lolo: optionally(fc.constant(0)), lo: optionally(fc.constant(2)), hi: fc.constant(6), hihi: optionally(fc.constant(8)), hysteresis: fc.constantFrom(0, 1, 2) }) }),
  fc.constantFrom({ equals: true }, { equals: 'text' }, { above: 5 }, { below: 3, hysteresis: 1 }),
  fc.record({ absent: fc.record({ after: short, grace: optionally(short) }) }),
  fc.record({ rate: fc.tuple(numeric, short, short).map(([is, per, over]) => ({ ...is, per, over })) }),
  fc.record({
    aggregate: fc.tuple(
      fc.constantFrom('count', 'sum', 'avg', 'min', 'max', 'stddev', 'p50', 'p95'), numeric,
      fc.oneof(fc.record({ sliding: short }), fc.record({ tumbling: short }), fc.record({ session: fc.constantFrom({ gap: '1s', max: '5s' }, { gap: '3s' }) })),
    ).map(([fn, is, window]) => ({ fn, window, ...is })),
  }),
  fc.record({ nOfM: fc.tuple(fc.constantFrom([1, 2], [2, 3], [3, 5]), comparison).map(([[n, m], is]) => ({ n, m, ...is })) }),
  fc.record({ flat: fc.record({ eps: fc.constantFrom(0, 1), span: short, minCount: fc.constantFrom(2, 3) }) }),
  fc.record({ anomaly: fc.record({ alpha: fc.constantFrom(0.1, 0.5), z: fc.constantFrom(1, 2), warmup: fc.constantFrom(2, 4), sigmaFloor: fc.constantFrom(0.1, 1) }) }),
  fc.record({ deviation: fc.tuple(signal, fc.constantFrom(0, 2, 4), fc.constantFrom(0, 1), optionally(longer)).map(([of, gt, hysteresis, maxAge]) => ({ of, gt, hysteresis, maxAge })) }),
  fc.record({ all: fc.array(term, { minLength: 1, maxLength: 3 }), maxAge: optionally(longer) }),
  fc.record({ any: fc.array(term, { minLength: 1, maxLength: 3 }), maxAge: optionally(longer) }),
  // Compared with what another device says, which was there first more often than not.
  fc.tuple(metric, fc.constantFrom('gt', 'le'), device, comparison, optionally(longer)).map(([name, is, of, other, maxAge]) => ({ all: [{ metric: name, [is]: 3 }, { device: of, metric: 'b', ...other }], maxAge })),
  fc.record({ atLeast: fc.tuple(fc.constantFrom(1, 2), signal, comparison, optionally(longer)).map(([n, of, is, maxAge]) => ({ n, of, ...is, maxAge })) }),
  fc.record({
    sequence: fc.tuple(term, fc.array(fc.oneof(term, fc.record({ not: term }), fc.constantFrom<Written>({ event: 'e.one' }, { not: { event: 'e.two' } })), { minLength: 1, maxLength: 2 })).map(([first, rest]) => [first, ...rest]),
    within: short, cooldown: optionally(short),
  }),
  fc.record({ frequency: fc.record({ gt: fc.constantFrom(0, 1, 3), in: short, cooldown: optionally(short) }) }),
  fc.record({ score: fc.record({ table: fc.constant('sum'), maxAge: optionally(longer) }) }),
  fc.record({ geofence: fc.record({ zone: fc.constant('z'), on: fc.constantFrom('enter', 'exit'), buffer: fc.constantFrom('0m', '200m'), fixes: fc.constantFrom(1, 2), lat: fc.constant('a'), lon: fc.constant('b'), accuracy: fc.constant('c'), maxAccuracy: optionally(fc.constant('5m')), maxAge: optionally(longer) }) }),
  fc.record({ expression: fc.constantFrom('value > 5', 'value > metrics.b * 1.5 || metrics.c == true', 'metrics.a > 7 && has(metrics.b)', "labels.room == 'x' && value < 4", 'nowMs - tsMs > 2000 && value > 1', 'settings.limit < value', "unit == 'Cel' && value > 3", 'int(value) / (int(value) - 9) > 1'), maxAge: optionally(longer) }),
]
const whenOfEvents: readonly fc.Arbitrary<Written>[] = [
  fc.record({ frequency: fc.record({ gt: fc.constantFrom(0, 1, 3), in: short, cooldown: optionally(short) }) }),
  fc.record({ sequence: fc.constantFrom([{ event: 'e.one' }, { event: 'e.two' }], [{ event: 'e.one', where: { amount: { gt: 3 } } }, { not: { event: 'e.two' } }], [{ event: 'e.*' }, { not: { event: 'e.two' } }, { event: 'e.one' }]), within: short, cooldown: optionally(short) }),
  fc.record({ expression: fc.constantFrom('data.amount > 5', 'int(data.amount) % (int(data.amount) - 1) == 0', "event.type == 'e.one' && data.amount < 4", "labels.room == 'x'"), maxAge: optionally(longer) }),
]

const beside: fc.Arbitrary<Written> = fc.record({
  for: optionally(short, 2), clearFor: optionally(short, 2), stale: optionally(fc.constantFrom('3s', '10s', '1h'), 2),
  while: optionally(fc.constantFrom({ from: '00:59', to: '01:01' }, { from: '02:00', to: '02:01', tz: 'Europe/London' }, { from: '01:00', to: '00:58' }, { from: '00:00', to: '12:00', days: ['sun'], tz: 'Europe/London' }), 4),
  priority: optionally(fc.constantFrom('low', 'high')), latch: optionally(fc.boolean(), 3), ack: optionally(fc.constantFrom('auto', 'required')), realarm: optionally(short, 4), escalate: optionally(fc.constantFrom(['1s', '3s'], ['20s']), 4),
  mode: optionally(fc.constantFrom('shadow', 'live'), 5), unit: optionally(fc.constantFrom('Cel', 'K'), 6), message: optionally(fc.constantFrom('{value}{unit} on {device} {labels.room}'), 4),
}, { requiredKeys: [] })

const on = fc.tuple(optionally(metricPattern, 6), fc.option(fc.oneof(elsewhere, fc.record({ device })), { nil: {}, freq: 2 })).map(([name, where]) => ({ ...(name === undefined ? {} : { metric: name }), ...where }))
const ruleOfReadings = fc.tuple(fc.oneof(...whenOfReadings), on, fc.constantFrom(undefined, undefined, 'device', 'rule', 'label.room'), beside).map(([when, where, key, rest]): Written => ({ on: where, when, key, ...rest }))
const ruleOfEvents = fc.tuple(fc.oneof(...whenOfEvents), fc.constantFrom<Written>({ event: 'e.*' }, { event: 'e.one' }, { event: 'e.*', device: 'd*' }, { event: 'e.*', label: { room: 'x' } }), fc.constantFrom('device', 'rule', 'label.room', 'data.card', 'data.in.it'), beside)
  .map(([when, where, key, rest]): Written => ({ on: where, when, key, ...rest }))

/** Zones and tables that the rules name. */
export const around = {
  zones: { z: { circle: { lat: 0, lon: 0, radius: '500km' } } },
  tables: [{
    id: 'sum', version: '1', maxAge: '20s',
    parameters: { a: { ranges: [{ to: 3, points: 0 }, { from: 4, to: 7, points: 2 }, { from: 8, points: 3 }] }, b: { ranges: [{ to: 5, points: 0 }, { from: 6, points: 1 }] } },
    bands: [{ level: 'high', total: 4 }, { level: 'medium', total: 2 }, { level: 'low' }],
  }],
}

/** What may be left out, bit by bit, where a rule's parts cannot stand together. */
const lessAndLess: readonly (readonly string[])[] = [[], ['for'], ['for', 'unit'], ['for', 'unit', 'key'], ['for', 'unit', 'on'], ['for', 'unit', 'key', 'on']]

/** What the loader takes of them: whole, or with less; what is no rule at all is left out. */
export function accepted(written: readonly Written[]): { readonly rules: readonly Rule[]; readonly written: readonly Written[] } {
  let left = written.map((one) => ({ one, tries: 0 }))
  for (;;) {
    const given = left.map(({ one, tries }) => Object.fromEntries(Object.entries(one).filter(([key, value]) => value !== undefined && !lessAndLess[tries]!.includes(key))))
    const read = readRules(JSON.stringify({ ...around, rules: given }), 'rules.yaml', { kinds: kindSchemas, targets: new Set() })
    if (read.problems.length === 0) return { rules: read.rules, written: given }
    const wrong = new Set(read.problems.map(({ path }) => Number(/^rules\[(\d+)\]/.exec(path)?.[1] ?? NaN)))
    if (wrong.has(NaN)) throw new Error(JSON.stringify(read.problems))
    left = left.flatMap(({ one, tries }, i) => (!wrong.has(i) ? [{ one, tries }] : tries + 1 < lessAndLess.length ? [{ one, tries: tries + 1 }] : []))
  }
}

/** A rule as it may be written; the loader has the last word. */
export const rule = (id: string): fc.Arbitrary<Written> => fc.oneof({ weight: 5, arbitrary: ruleOfReadings }, { weight: 1, arbitrary: ruleOfEvents }).map((written) => ({ id, ...written }))

/** How alarms of the gateway's own are announced. */
const technicalRule: fc.Arbitrary<Written> = fc.record({
  id: fc.constantFrom('technical.stale', 'technical.offline', 'technical.range', 'technical.influx'), mode: fc.constantFrom('live', 'live', 'shadow', 'off'), latch: optionally(fc.boolean()), ack: optionally(fc.constantFrom('required', 'auto')), escalate: optionally(fc.constant(['2s'])), realarm: optionally(short), message: optionally(fc.constant('so {device}')),
}, { requiredKeys: ['id'] })

/** How a rule may be edited: not, in words only, in its schedule, to another, to shadow, off, away. */
const edit = fc.constantFrom('as it is', 'as it is', 'words', 'schedule', 'other', 'mode', 'off', 'gone')

function edited(written: Written, other: Written, how: typeof edit extends fc.Arbitrary<infer T> ? T : never): readonly Written[] {
  switch (how) {
    case 'as it is':
      return [written]
    case 'words':
      return [{ ...written, message: 'in other words {value}', priority: 'high' }]
    case 'schedule':
      return [{ ...written, while: written['while'] === undefined ? { from: '01:00', to: '01:02' } : undefined }]
    case 'other':
      return [other]
    case 'mode':
      return [{ ...written, mode: written['mode'] === 'shadow' ? 'live' : 'shadow' }]
    case 'off':
      return [{ ...written, mode: 'off' }]
    case 'gone':
      return []
    default:
      return how satisfies never
  }
}

/** Sets of rules that follow one another. */
export function ruleSets(most: number): fc.Arbitrary<readonly (readonly Rule[])[]> {
  const each = fc.nat(most - 1).chain((more) => fc.tuple(...Array.from({ length: more + 1 }, (_, i) => fc.tuple(rule(`r${i}`), rule(`r${i}`), edit, edit))))
  return fc.tuple(each, fc.array(technicalRule, { maxLength: 1 }), fc.array(technicalRule, { maxLength: 1 })).map(([all, own, otherOwn]) => {
    const first = [...own, ...all.map(([written]) => written)]
    const later = (which: 2 | 3): Written[] => [...all.flatMap((one) => edited(one[0], one[1], one[which])), ...(which === 2 ? own : otherOwn)]
    return [first, later(2), later(3)].map((set) => accepted(set).rules)
  })
}

const value = fc.oneof({ weight: 6, arbitrary: fc.constantFrom<unknown>(0, 1, 3, 5, 6, 7, 8, 9) }, { weight: 2, arbitrary: fc.constantFrom<unknown>(-0, 0.1, 0.3, -2, 1e30, Infinity, NaN, '5', 'text', 'NaN', 'ON', 'off', true, false, null) })
const message = fc.record({
  what: fc.constant('message' as const), device, values: fc.dictionary(metric, value, { minKeys: 1, maxKeys: 3 }),
  tsBy: fc.option(fc.constantFrom(0, -500, -3_000, -5_001, -8_000, -59_000, -70_000, 2_000, 100_000), { nil: undefined, freq: 2 }), seq: fc.option(fc.nat(5), { nil: undefined, freq: 4 }),
  then: fc.option(fc.dictionary(metric, value, { minKeys: 1, maxKeys: 2 }), { nil: undefined, freq: 12 }),
})
const payload = fc.oneof(
  fc.tuple(device, metric, fc.constantFrom('{"value":20,"unit":"Cel"}', '{"value":280,"unit":"K"}', '{"value":5,"unit":"[degF]"}', '{"value":5,"unit":"kg"}', '-0', '1e999', 'ON', '"\\ud800"', '7')).map(([d, m, text]) => ({ what: 'payload' as const, topic: `devices/${d}/${m}`, payload: text })),
  fc.tuple(device, fc.constantFrom('online', 'offline')).map(([d, text]) => ({ what: 'payload' as const, topic: `devices/${d}/status`, payload: text })),
)
const event = fc.tuple(fc.constantFrom('e.one', 'e.two', 'f'), fc.constantFrom('"d1"', '"d2"', 'null', '7'), fc.constantFrom('"c1"', '"c2"', '0', '-0', '1e999', 'true', '""'), fc.constantFrom('1', '6', '1e999', '"6"', 'null', '-0'))
  .map(([type, of, card, amount]) => ({ what: 'payload' as const, topic: `events/${type}`, payload: `{"device":${of},"card":${card},"amount":${amount},"in":{"it":${card}}}` }))
const verb = fc.constantFrom('ack', 'ack', 'reset', 'shelve', 'unshelve', 'suppress', 'unsuppress', 'out-of-service', 'return-to-service', 'comment')
const action = fc.record({
  what: fc.constant('action' as const),
  action: fc.record({ verb, rule: fc.constantFrom('r0', 'r1', 'r2', 'technical.stale', 'technical.offline'), key: fc.constantFrom('d1', 'd2', 'd1.a', 'r0', 'r1', 'x', 'c1'), by: fc.constant('ann'), note: fc.constantFrom('because', ''), oneShot: fc.constantFrom(false, false, true) }),
  untilBy: fc.option(fc.constantFrom(500, 4_000, 60_000, -1), { nil: undefined, freq: 4 }),
})
const technical = fc.record({ what: fc.constant('technical' as const), condition: fc.record({ rule: fc.constantFrom('technical.influx' as const, 'technical.disk' as const), active: fc.boolean(), message: fc.constant('m') }) })
const metricSettings = fc.constantFrom<Written>({}, { metrics: { a: { min: 0, max: 8 } } }, { metrics: { a: { flat: { eps: 0, span: '3s', minCount: 2 } } } }, { metrics: { a: { leadOff: 'c' }, b: { leadOff: 'c', min: -1 } } }, { metrics: { a: { coerce: true }, b: { coerce: true, leadOff: 'a', max: 8 } } }, { limit: 4 }, { limit: 2, metrics: { b: { unit: 'K' } } })
const facts = fc.record({ what: fc.constant('facts' as const), device, facts: fc.record({ type: fc.constantFrom('oven', null), labels: fc.constantFrom<Readonly<Record<string, string>>>({ room: 'x' }, { room: 'y' }, {}), settings: metricSettings }, { requiredKeys: [] }) })
const rules = fc.record({ what: fc.constant('rules' as const), set: fc.nat(2) })
const step = fc.record({ what: fc.constant('step' as const), byMs: fc.constantFrom(20, -20, 1_000, -4_000, 30_000, -30_000, 61_000, 3_600_000, -3_600_000, -86_400_000) })
const restart = fc.record({ what: fc.constant('restart' as const), downMs: fc.constantFrom(0, 1_000, 60_000, 299_000, 301_000, 3_600_000), stepMs: fc.constantFrom(0, 0, 0, 30_000, -30_000, -3_600_000) })

const keep = fc.constant({ what: 'keep' as const })

export const happenings = { message, payload, event, action, technical, facts, rules, step, restart, keep }

export const after = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 100, 500) }, { weight: 4, arbitrary: fc.integer({ min: 1, max: 4_000 }) }, { weight: 1, arbitrary: fc.constantFrom(10_000, 31_000, 60_000, 400_000) })

/** What happens, one after the other; `every`: all but what is left out. */
export function lives(weights: Partial<Readonly<Record<keyof typeof happenings, number>>>, most: number): fc.Arbitrary<readonly { readonly after: number; readonly what: Happening }[]> {
  const usual = { message: 24, payload: 6, event: 5, action: 4, technical: 1, facts: 3, rules: 2, step: 1, restart: 1, keep: 0 }
  const chosen = { ...usual, ...weights }
  const what = fc.oneof(...(Object.keys(happenings) as (keyof typeof happenings)[]).flatMap((name) => (chosen[name] === 0 ? [] : [{ weight: chosen[name], arbitrary: happenings[name] as fc.Arbitrary<Happening> }])))
  return fc.array(fc.record({ after, what }), { minLength: 5, maxLength: most, size: 'max' })
}
