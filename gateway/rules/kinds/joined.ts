import type { Rule } from '../../kernel/rule.ts'
import { byDeviceAndMetric } from '../../kernel/sorted.ts'
import type { CellView, JointCondition, Shown, Verdict } from '../kind.ts'
import { normal, unknown } from '../kind.ts'
import { compileComparison } from './comparison.schema.ts'
import type { JoinedSpec } from './joined.schema.ts'
import type { Operand, Panel } from './panel.ts'
import { createPanelKeeper, truthOfSignal, yes } from './panel.ts'
import { signalOf } from './signal-fields.ts'

type Join = (panel: Panel, signals: number) => Verdict

/** Several conditions, each on a signal of its own, put together to one by `join`. */
export function joined(rule: Rule, join: Join): JointCondition<Panel> {
  const { terms, maxAgeMs } = rule.when.spec as JoinedSpec
  const signals = terms.map(({ on }) => signalOf(on, rule.on))
  const holds = terms.map(({ is }) => compileComparison(is))
  const keeper = createPanelKeeper(rule, { signals, maxAgeMs, truthOf: ({ signal, slot }) => holds[signal]!(slot.value) })
  return {
    ...keeper.common,
    judge(cell, moment, around) {
      cell.deadline = keeper.refresh(cell.memory, { key: cell.key, moment, around })
      return join(cell.memory, signals.length)
    },
    limitOf: () => null,
    shown: (cell) => shown(cell, join),
  }
}

/** Kleene's and: one that is false decides, whatever the others. */
export function allOf(panel: Panel, signals: number): Verdict {
  let verdict: Verdict = yes
  for (let signal = 0; signal < signals; signal++) {
    const truth = truthOfSignal(panel, signal)
    if (truth === normal) return normal
    if (truth === unknown) verdict = unknown
  }
  return verdict
}

/** Kleene's or: one that is true decides. */
export function anyOf(panel: Panel, signals: number): Verdict {
  let verdict: Verdict = normal
  for (let signal = 0; signal < signals; signal++) {
    const truth = truthOfSignal(panel, signal)
    if (truth === yes) return yes
    if (truth === unknown) verdict = unknown
  }
  return verdict
}

/** Of each signal the value that decides: `hr 130, sbp 85`; where one is enough, of those that hold. */
function shown({ memory, device }: CellView<Panel>, join: Join): Shown | undefined {
  const each = memory.operands.map(decidingOf).filter((operand) => operand !== undefined)
  const holding = join === anyOf ? each.filter(({ truth }) => truth === yes) : []
  const deciding = holding.length > 0 ? holding : each
  const first = deciding[0]?.slot
  return first === undefined ? undefined : { value: first.value, unit: first.unit ?? null, text: deciding.map((operand) => describeOperand(operand, device)).join(', ') }
}

function decidingOf(own: ReadonlyMap<string, Operand>): Operand | undefined {
  let best: Operand | undefined
  for (const operand of own.values()) {
    if (best === undefined || operand.truth > best.truth || (operand.truth === best.truth && byDeviceAndMetric(operand.slot, best.slot) < 0)) best = operand
  }
  return best
}

function describeOperand({ slot: { device, metric, value, unit } }: Operand, own: string | null): string {
  return `${device === own ? '' : `${device} `}${metric} ${value}${unit === undefined ? '' : ` ${unit}`}`
}
