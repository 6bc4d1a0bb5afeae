import type { ApplicationEvent } from '../../kernel/contracts.ts'
import type { Rule } from '../../kernel/rule.ts'
import { leastStaleMs } from '../cadence.ts'
import type { CellView, JointCondition, Kind, Moment, Shown, Stood, Surroundings, Verdict } from '../kind.ts'
import { normal, plainLevels, unknown } from '../kind.ts'
import type { Slot } from '../slots.ts'
import { ageSlot, fillSlot, renewSlot, standing } from '../slots.ts'
import type { CelExpression } from './cel.ts'
import { cel, celLimits } from './cel.ts'
import { toCel } from './cel-value.ts'
import { innerMetric, innerType } from './cel-walk.ts'
import type { ExpressionSpec } from './expression.schema.ts'
import type { Panel } from './panel.ts'
import { createPanelKeeper, truthOfSignal, yes } from './panel.ts'

/** What the expression was told of one device. */
interface Told {
  readonly slots: Map<string, Slot>
  /** Metrics that `on` selects, one after the other `value`; empty where the expression does not ask for it. */
  readonly subjects: string[]
  /** Event time of the last message, wall ms. */
  ts: number
}

interface ExpressionMemory {
  readonly panel: Panel
  readonly told: Map<string, Told>
}

/** A condition in CEL. Checked when it is loaded; what is missing is unknown, and && and || decide without it where they can. */
export const expression: Kind = {
  name: 'expression',
  compile(rule): JointCondition {
    const { text } = rule.when.spec as ExpressionSpec
    const compiled = cel.compile(text, rule.on.event === undefined ? 'readings' : 'events')
    if (!compiled.ok) throw new Error(compiled.problems[0]!.message)
    return rule.on.event === undefined ? ofReadings(rule, compiled.expression) : ofEvents(rule, compiled.expression)
  },
}

type Variables = Record<string, unknown>
/** Variables are looked up in it by name: it inherits nothing. Filled anew for every evaluation. */
const noVariables = (): Variables => Object.create(null) as Variables

function ofReadings(rule: Rule, { uses, evaluate }: CelExpression): JointCondition<ExpressionMemory> {
  const { maxAgeMs } = rule.when.spec as ExpressionSpec
  const leastMs = rule.staleMs ?? leastStaleMs
  const asksOn = uses.subject || rule.on.metric !== undefined
  const signals = [...(asksOn ? [{ on: {}, elsewhere: false }] : []), ...uses.metrics.map((metric) => ({ on: { metric }, elsewhere: false }))]
  const subjectSignal = asksOn ? 0 : -1
  const fillAround = aroundOf(uses)
  const variables = noVariables()
  const metrics = new Map<string, unknown>()
  variables['metrics'] = metrics
  let told: ExpressionMemory['told'] = new Map()
  // One operand a device: what the expression says of it.
  const keeper = createPanelKeeper(rule, { signals: [{ on: {}, elsewhere: false }], maxAgeMs, truthOf: () => undefined, assess })

  function assess(device: string, { moment, around }: { moment: Moment; around: Surroundings }): { truth: Verdict; until: number } {
    const { slots, subjects, ts } = told.get(device)!
    let complete = true
    let until = Infinity
    const valueOf = (slot: Slot | undefined): unknown => {
      const stands = standing(slot, { maxAgeMs, leastMs, at: moment.at, around })
      if (stands.until < until) until = stands.until
      return stands.known && !isTooLong(slot!.value) ? slot!.value : undefined
    }
    for (const metric of uses.metrics) {
      const value = valueOf(slots.get(metric))
      if (value === undefined) {
        complete = false
        metrics.delete(metric)
      } else metrics.set(metric, value)
      variables[innerMetric(metric)] = value
    }
    fillAround(variables, device, { around, moment, ts })
    if (!uses.subject) return { truth: verdictOf(evaluate(variables, complete)), until }
    let truth: Verdict = subjects.length === 0 ? unknown : normal
    for (const metric of subjects) {
      const slot = slots.get(metric)
      const value = valueOf(slot)
      variables['value'] = value
      variables['unit'] = slot?.unit ?? ''
      variables['metric'] = metric
      const one = verdictOf(evaluate(variables, complete && value !== undefined))
      // Of several readings one is enough.
      if (one === yes || truth === normal) truth = one
      if (truth === yes) break
    }
    return { truth, until }
  }

  return {
    ...plainLevels,
    form: 'joint',
    order: 'newest',
    signals,
    events: [],
    create: () => ({ panel: keeper.create(), told: new Map() }),
    save: (memory) => ({
      panel: keeper.save(memory.panel),
      told: sorted(memory.told).map(([device, { slots, subjects, ts }]) => [device, { slots: sorted(slots), subjects, ts }]),
    }),
    load(saved) {
      const { panel, told: kept } = saved as { panel: unknown; told: [string, { slots: [string, Slot][]; subjects: string[]; ts: number }][] }
      return { panel: keeper.load(panel), told: new Map(kept.map(([device, { slots, subjects, ts }]) => [device, { slots: new Map(slots), subjects, ts }])) }
    },
    // oxlint-disable-next-line max-params -- called for every reading: no object is made for it.
    take(reading, signal, { memory }, { at, time }) {
      const { device, metric } = reading.series
      let own = memory.told.get(device)
      if (own === undefined) memory.told.set(device, (own = { slots: new Map(), subjects: [], ts: time }))
      own.slots.set(metric, fillSlot(own.slots.get(metric), reading, at))
      if (signal === subjectSignal && uses.subject && !own.subjects.includes(metric)) {
        own.subjects.push(metric)
        own.subjects.sort()
      }
      own.ts = time
      keeper.touch(memory.panel, device)
    },
    ...(maxAgeMs === undefined ? {
      renew(memory: ExpressionMemory, at: number, stood: Stood) {
        for (const { slots } of memory.told.values()) for (const slot of slots.values()) renewSlot(slot, at, stood)
      },
    } : {
      age(memory: ExpressionMemory, byMs: number) {
        for (const { slots } of memory.told.values()) for (const slot of slots.values()) ageSlot(slot, byMs)
        keeper.age?.(memory.panel, byMs)
      },
    }),
    judge(cell, moment, around) {
      told = cell.memory.told
      cell.deadline = keeper.refresh(cell.memory.panel, { key: cell.key, moment, around })
      return truthOfSignal(cell.memory.panel, 0)
    },
    forget: (memory, device) => void memory.told.delete(device),
    limitOf: () => null,
    ...(uses.metrics.length + Number(uses.subject) > 1 || !asksOn ? { shown: shownOf(uses.metrics, uses.subject) } : {}),
  }
}

/** The values it asks for, of the device for which it holds: `hr 130, limit 100`. */
function shownOf(metrics: readonly string[], subject: boolean): (cell: CellView<ExpressionMemory>) => Shown | undefined {
  return ({ memory: { panel, told }, device }) => {
    const [first] = [...panel.operands[0]!.values()].sort((a, b) => b.truth - a.truth || (a.slot.device < b.slot.device ? -1 : 1))
    const own = first === undefined ? undefined : told.get(first.slot.device)
    if (own === undefined) return undefined
    const names = [...new Set([...(subject ? own.subjects : []), ...metrics])].filter((name) => own.slots.has(name))
    const slots = names.map((name) => own.slots.get(name)!)
    const text = slots.map(({ metric, value, unit }) => `${metric} ${value}${unit === undefined ? '' : ` ${unit}`}`).join(', ')
    return slots[0] === undefined ? undefined : { value: slots[0].value, unit: slots[0].unit ?? null, text: device === null ? `${first!.slot.device}: ${text}` : text }
  }
}

interface HeardMemory {
  verdict: Verdict
  /** Monotonic: what the last event said stands until then. */
  until: number
  /** Being taken; null between events. */
  heard: { readonly event: ApplicationEvent; readonly ts: number } | null
}

/** What the last event of a key says. */
function ofEvents(rule: Rule, { uses, evaluate }: CelExpression): JointCondition<HeardMemory> {
  const { maxAgeMs = Infinity } = rule.when.spec as ExpressionSpec
  const fillAround = aroundOf(uses)
  const variables = noVariables()

  function say({ event, ts }: NonNullable<HeardMemory['heard']>, moment: Moment, around: Surroundings): Verdict {
    const data = toCel(event.data)
    fillAround(variables, event.device ?? '', { around, moment, ts })
    variables['event'] = new Map([['type', event.type]])
    variables['data'] = data
    return verdictOf(evaluate(variables, data !== undefined))
  }

  return {
    ...plainLevels,
    form: 'joint',
    order: 'newest',
    signals: [],
    events: [rule.on.event!],
    create: () => ({ verdict: normal, until: Infinity, heard: null }),
    take() {},
    // oxlint-disable-next-line max-params -- as the engine calls it.
    takeEvent(event, _signal, { memory }, { time }) {
      memory.heard = { event, ts: time }
    },
    judge(cell, moment, around) {
      const { memory } = cell
      if (memory.heard !== null) {
        memory.verdict = say(memory.heard, moment, around)
        memory.until = memory.verdict === yes ? moment.at + maxAgeMs : Infinity
        memory.heard = null
      }
      if (memory.until <= moment.at) {
        memory.verdict = normal
        memory.until = Infinity
      }
      cell.deadline = memory.until
      return memory.verdict
    },
    stays(cell, at) {
      cell.memory.verdict = yes
      cell.memory.until = at + maxAgeMs
      cell.deadline = cell.memory.until
    },
    limitOf: () => null,
  }
}

/** What is around a device, as far as it is asked for. */
function aroundOf({ labels: labelNames, settings: settingNames, times }: CelExpression['uses']): (variables: Variables, device: string, of: { around: Surroundings; moment: Moment; ts: number }) => void {
  const labels = new Map<string, string>()
  const settings = new Map<string, unknown>()
  return (variables, device, { around, moment, ts }) => {
    if (labelNames.length > 0) {
      const own = around.labels(device)
      // A missing label equals an empty one (delivery.md, "Notifications").
      for (const name of labelNames) labels.set(name, Object.hasOwn(own, name) ? own[name]! : '')
    }
    for (const name of settingNames) {
      const value = toCel(around.setting(device, name))
      if (value === undefined || value === null) settings.delete(name)
      else settings.set(name, value)
    }
    variables['device'] = device
    variables[innerType] = around.type(device) ?? ''
    variables['labels'] = labels
    variables['settings'] = settings
    if (!times) return
    variables['ts'] = new Date(ts)
    variables['tsMs'] = ts
    variables['now'] = new Date(moment.wallMs)
    variables['nowMs'] = moment.wallMs
  }
}

function verdictOf(truth: boolean | undefined): Verdict {
  return truth === undefined ? unknown : truth ? yes : normal
}

function isTooLong(value: unknown): boolean {
  return typeof value === 'string' && value.length > celLimits.textLength
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}
