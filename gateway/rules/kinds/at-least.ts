import type { CellView, JointCondition, Kind, Shown } from '../kind.ts'
import { normal, unknown } from '../kind.ts'
import type { AtLeastSpec } from './at-least.schema.ts'
import { compileComparison } from './comparison.schema.ts'
import type { Panel } from './panel.ts'
import { createPanelKeeper, yes } from './panel.ts'
import { signalOf } from './signal-fields.ts'

const mostNamed = 5

/** So many of the series known so far meet a comparison; of those that are unknown any might. */
export const atLeast: Kind = {
  name: 'atLeast',
  compile(rule): JointCondition<Panel> {
    const { n, of, is, maxAgeMs } = rule.when.spec as AtLeastSpec
    const signals = [signalOf(of, rule.on)]
    const holds = compileComparison(is)
    const keeper = createPanelKeeper(rule, { signals, maxAgeMs, truthOf: ({ slot }) => holds(slot.value) })
    return {
      ...keeper.common,
      judge(cell, moment, around) {
        const { memory } = cell
        cell.deadline = keeper.refresh(memory, { key: cell.key, moment, around })
        const trues = memory.trues[0]!
        if (trues >= n) return yes
        return trues + memory.unknowns[0]! < n ? normal : unknown
      },
      limitOf: () => n,
      shown,
    }
  },
}

/** `3 of 5: fan-1 fault, fan-4 fault, …` */
function shown({ memory }: CellView<Panel>): Shown {
  const [own] = memory.operands
  const holding = [...own!.values()].filter(({ truth }) => truth === yes).map(({ slot }) => `${slot.device} ${slot.metric}`).sort()
  const names = holding.slice(0, mostNamed).join(', ')
  return { value: holding.length, unit: null, text: `${holding.length} of ${own!.size}${names === '' ? '' : `: ${names}`}${holding.length > mostNamed ? ', …' : ''}` }
}
