import { byDeviceAndMetric } from '../../kernel/sorted.ts'
import type { CellView, JointCondition, Kind, Shown } from '../kind.ts'
import { normal } from '../kind.ts'
import type { Slot } from '../slots.ts'
import type { DeviationSpec } from './deviation.schema.ts'
import type { Operand, Panel, PanelKeeper } from './panel.ts'
import { createPanelKeeper, truthOfSignal, yes } from './panel.ts'
import { signalOf } from './signal-fields.ts'

/** The signals, in their order: what is measured by comes first, so that it is known when the others are compared with it. */
const reference = 0
const measured = 1

/** How far a signal is from another: of the same device, or of the one that `of` names. */
export const deviation: Kind = {
  name: 'deviation',
  compile(rule): JointCondition<Panel> {
    const { of, gt, hysteresis, maxAgeMs } = rule.when.spec as DeviationSpec
    const signals = [signalOf(of, rule.on), { on: {}, elsewhere: false }]
    const { elsewhere } = signals[reference]!
    // Without hysteresis it is over as soon as it is not above: with gt 0, where both agree.
    const stays = (gap: number): boolean => (hysteresis === 0 ? gap > gt : gap >= gt - hysteresis)
    let active = false

    /** From all that it is measured by the greatest distance; undefined: there is nothing to measure by. */
    function distance({ slot }: Operand, panel: Panel): number | undefined {
      let greatest: number | undefined
      for (const other of elsewhere ? panel.operands[reference]!.values() : keeper.ofDevice(panel, reference, slot.device)) {
        if (other.truth !== yes) continue
        const gap = Math.abs((slot.value as number) - (other.slot.value as number))
        if (greatest === undefined || gap > greatest) greatest = gap
      }
      return greatest
    }

    const keeper: PanelKeeper = createPanelKeeper(rule, {
      signals,
      maxAgeMs,
      concerns: (operand, panel) => (operand.signal !== reference ? [] : elsewhere ? 'all' : keeper.ofDevice(panel, measured, operand.slot.device)),
      truthOf(operand, panel) {
        if (!isNumber(operand.slot.value)) return undefined
        if (operand.signal === reference) return true
        const gap = distance(operand, panel)
        if (gap === undefined) return undefined
        if (!active) return gap > gt
        // Hysteresis is for what was too far away, or may have been, since it is active: not for another device under the same alarm.
        if (operand.truth !== normal && operand.held !== true) {
          operand.held = true
          panel.mayHold = true
        }
        return operand.held === true ? stays(gap) : gap > gt
      },
    })

    return {
      ...keeper.common,
      judge(cell, moment, around) {
        active = cell.active !== normal
        if (!active && cell.memory.mayHold !== false) letGo(cell.memory)
        cell.deadline = keeper.refresh(cell.memory, { key: cell.key, moment, around })
        return truthOfSignal(cell.memory, measured)
      },
      limitOf: () => gt,
      shown: ({ memory }: CellView<Panel>): Shown | undefined => widest([...memory.operands[measured]!.values()], (operand) => (isNumber(operand.slot.value) ? distance(operand, memory) : undefined)),
    }
  },
}

/** It is over: what was held by hysteresis is no longer. */
function letGo(panel: Panel): void {
  for (const operand of panel.operands[measured]!.values()) if (operand.held === true) operand.held = false
  panel.mayHold = false
}

function widest(operands: readonly Operand[], distance: (operand: Operand) => number | undefined): Shown | undefined {
  let best: { readonly gap: number; readonly slot: Slot } | undefined
  for (const operand of operands) {
    const gap = distance(operand)
    if (gap !== undefined && (best === undefined || gap > best.gap || (gap === best.gap && byDeviceAndMetric(operand.slot, best.slot) < 0))) best = { gap, slot: operand.slot }
  }
  // The difference of two decimal numbers has digits that nobody measured.
  return best === undefined ? undefined : { value: Number(best.gap.toPrecision(12)), unit: best.slot.unit ?? null }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
