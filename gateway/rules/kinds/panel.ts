import type { Labels, Reading } from '../../kernel/reading.ts'
import type { Rule, Selector } from '../../kernel/rule.ts'
import { isGlob } from '../../kernel/glob.ts'
import { leastStaleMs } from '../cadence.ts'
import type { JointCondition, Moment, Signal, Stood, Surroundings, Verdict } from '../kind.ts'
import { normal, plainLevels, unknown } from '../kind.ts'
import { compileSelector } from '../selector.ts'
import type { Slot } from '../slots.ts'
import { ageSlot, fillSlot, renewSlot, standing } from '../slots.ts'

/** True, `normal` for false, or `unknown`: the three values of Kleene's logic. */
export const yes = 1

/** The last value of one series that a signal matches, and what was made of it. Plain data. */
export interface Operand {
  readonly signal: number
  readonly slot: Slot
  truth: Verdict
  /** Until when that stands if nothing comes, monotonic ms. */
  until: number
  /** It was true, or may have been, since the condition became active: kept by kinds with hysteresis. */
  held?: boolean
}

/**
 * The operands of a condition over several signals, by signal and series. What was made of each stands until it changes or
 * expires, so that one reading costs the same whether three or three thousand devices feed the condition.
 */
export interface Panel {
  readonly operands: readonly Map<string, Operand>[]
  /** How many of a signal's operands are true, and unknown. */
  readonly trues: number[]
  readonly unknowns: number[]
  /** Not later than the first of them expires. */
  soonest: number
  /** Told since the last judgement; empty between messages. */
  readonly fresh: Operand[]
  /** May any of its operands be `held`? Not saved: after loading one may. */
  mayHold?: boolean
}

export interface PanelPlan {
  readonly signals: readonly Signal[]
  /** Undefined: as long as the series' values stand. */
  readonly maxAgeMs: number | undefined
  /** What a value that stands says; undefined: nothing can be said (a wrong type). The operand still has the truth it had before. */
  readonly truthOf: (operand: Operand, panel: Panel) => boolean | undefined
  /** Instead of that, where more than the value of the operand counts: what is true of its device, and until when if nothing comes. */
  readonly assess?: (device: string, of: { readonly moment: Moment; readonly around: Surroundings }) => { readonly truth: Verdict; readonly until: number }
  /** What else is to be worked out when this operand has changed; `all`: everything. */
  readonly concerns?: (operand: Operand, panel: Panel) => readonly Operand[] | 'all'
}

export interface PanelKeeper {
  readonly create: () => Panel
  readonly save: (panel: Panel) => unknown
  readonly load: (saved: unknown) => Panel
  /** What is the same in every condition of which the panel is all of the memory. */
  readonly common: Pick<JointCondition<Panel>, keyof typeof plainLevels | 'form' | 'order' | 'signals' | 'events' | 'create' | 'save' | 'load' | 'take' | 'age' | 'renew'>
  readonly put: (panel: Panel, reading: Reading, of: { readonly signal: number; readonly at: number }) => void
  /** Where `assess` looks at more than a value: something was said of the device. */
  readonly touch: (panel: Panel, device: string) => void
  /** A signal's operands of one device. */
  readonly ofDevice: (panel: Panel, signal: number, device: string) => readonly Operand[]
  /** Undefined where values do not count by their age. */
  readonly age: ((panel: Panel, byMs: number) => void) | undefined
  /** Undefined where they do. */
  readonly renew: ((panel: Panel, at: number, stood: Stood) => void) | undefined
  /** Works out what has changed; gives the time of the next change without an input. */
  readonly refresh: (panel: Panel, of: { readonly key: string; readonly moment: Moment; readonly around: Surroundings }) => number
}

export function createPanelKeeper(rule: Rule, { signals, maxAgeMs, truthOf, assess, concerns }: PanelPlan): PanelKeeper {
  const leastMs = rule.staleMs ?? leastStaleMs
  /** Signals of one metric have one series a device. */
  const perDevice = signals.map(({ on: { metric = rule.on.metric } }) => metric !== undefined && !isGlob(metric))
  const belongs = signals.map((signal) => membership(rule, signal))

  function work(panel: Panel, operand: Operand, { moment, around }: { moment: Moment; around: Surroundings }): void {
    const { truth, until } = assess === undefined ? look(operand, panel, { moment, around }) : assess(operand.slot.device, { moment, around })
    count(panel, operand, -1)
    operand.truth = truth
    operand.until = until
    count(panel, operand, 1)
    if (operand.until < panel.soonest) panel.soonest = operand.until
  }

  function look(operand: Operand, panel: Panel, { moment, around }: { moment: Moment; around: Surroundings }): { truth: Verdict; until: number } {
    const stands = standing(operand.slot, { maxAgeMs, leastMs, at: moment.at, around })
    const said = stands.known ? truthOf(operand, panel) : undefined
    return { truth: said === undefined ? unknown : said ? yes : normal, until: stands.until }
  }

  function put(panel: Panel, reading: Reading, { signal, at }: { readonly signal: number; readonly at: number }): void {
    const { device, metric } = reading.series
    const name = perDevice[signal]! ? device : `${device}\0${metric}`
    const own = panel.operands[signal]!
    const known = own.get(name)
    const slot = fillSlot(known?.slot, reading, at)
    const operand: Operand = known ?? { signal, slot, truth: normal, until: Infinity }
    panel.fresh.push(operand)
    if (known === undefined) own.set(name, operand)
  }

  function touch(panel: Panel, device: string): void {
    const own = panel.operands[0]!
    let operand = own.get(device)
    if (operand === undefined) {
      operand = { signal: 0, slot: { device, metric: '', value: null, unit: undefined, good: true, goodAt: 0 }, truth: normal, until: Infinity }
      own.set(device, operand)
    }
    // The readings of a message come one after the other, and are of one device.
    if (panel.fresh.at(-1) !== operand) panel.fresh.push(operand)
  }

  const create = (): Panel => ({ operands: signals.map(() => new Map()), trues: signals.map(() => 0), unknowns: signals.map(() => 0), soonest: Infinity, fresh: [] })

  const save = ({ operands, soonest }: Panel): unknown => ({ soonest, operands: operands.map((own) => [...own].sort(([a], [b]) => (a < b ? -1 : 1))) })

  function load(saved: unknown): Panel {
    const { soonest, operands } = saved as { soonest: number; operands: [string, Operand][][] }
    const panel: Panel = { operands: operands.map((own) => new Map(own)), trues: signals.map(() => 0), unknowns: signals.map(() => 0), soonest, fresh: [] }
    for (const own of panel.operands) for (const operand of own.values()) count(panel, operand, 1)
    return panel
  }

  const age = maxAgeMs === undefined ? undefined : (panel: Panel, byMs: number): void => {
    for (const own of panel.operands) for (const { slot } of own.values()) ageSlot(slot, byMs)
    panel.soonest = -Infinity
  }

  const renew = maxAgeMs !== undefined ? undefined : ({ operands }: Panel, at: number, stood: Stood): void => {
    for (const own of operands) for (const { slot } of own.values()) renewSlot(slot, at, stood)
  }

  return {
    common: {
      ...plainLevels,
      form: 'joint',
      order: 'newest',
      signals,
      events: [],
      create,
      save,
      load,
      // oxlint-disable-next-line max-params -- called for every reading.
      take: (reading, signal, { memory }, { at }) => put(memory, reading, { signal, at }),
      ...(age === undefined ? {} : { age }),
      ...(renew === undefined ? {} : { renew }),
    },
    create,
    save,
    load,
    put,
    touch,
    ofDevice({ operands }, signal, device) {
      const own = operands[signal]!
      if (!perDevice[signal]!) return [...own.values()].filter(({ slot }) => slot.device === device)
      const only = own.get(device)
      return only === undefined ? [] : [only]
    },
    age,
    renew,
    refresh(panel, { key, moment, around }) {
      const { fresh } = panel
      // Judged without having been told anything: something around it changed.
      let all = fresh.length === 0 || moment.at >= panel.soonest
      if (concerns !== undefined) {
        for (let i = 0, told = fresh.length; i < told && !all; i++) {
          const others = concerns(fresh[i]!, panel)
          if (others === 'all') all = true
          else fresh.push(...others)
        }
        fresh.sort((a, b) => a.signal - b.signal)
      }
      if (all) {
        panel.soonest = Infinity
        for (const [signal, own] of panel.operands.entries()) {
          for (const [name, operand] of own) {
            if (belongs[signal]!(operand.slot.device, key, around)) work(panel, operand, { moment, around })
            else {
              count(panel, operand, -1)
              own.delete(name)
            }
          }
        }
      } else for (const operand of fresh) work(panel, operand, { moment, around })
      fresh.length = 0
      return panel.soonest
    },
  }
}

/** A signal holds where it does on any of its series; nothing heard yet is unknown. */
export function truthOfSignal({ operands, trues, unknowns }: Panel, signal: number): Verdict {
  if (trues[signal]! > 0) return yes
  return unknowns[signal]! > 0 || operands[signal]!.size === 0 ? unknown : normal
}

function count({ trues, unknowns }: Panel, { signal, truth }: Operand, by: 1 | -1): void {
  if (truth === yes) trues[signal]! += by
  else if (truth === unknown) unknowns[signal]! += by
}

type Membership = (device: string, key: string, around: Surroundings) => boolean
const always: Membership = () => true

/** Does a device still feed this condition? Types and labels change while the rule runs. */
function membership({ on, key: keyOf }: Rule, signal: Signal): Membership {
  const selector: Selector = signal.elsewhere ? signal.on : { ...on, ...signal.on }
  const keyLabel = !signal.elsewhere && keyOf.startsWith('label.') ? keyOf.slice('label.'.length) : undefined
  if (selector.deviceType === undefined && selector.label === undefined && keyLabel === undefined) return always
  const compiled = compileSelector(selector)
  const labelOf = (labels: Labels, name: string): string | undefined => (Object.hasOwn(labels, name) ? labels[name] : undefined)
  return (device, key, around) => compiled.matchesDevice(device, around) && (keyLabel === undefined || labelOf(around.labels(device), keyLabel) === key)
}
