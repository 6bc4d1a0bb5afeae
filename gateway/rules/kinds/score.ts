import type { Value } from '../../kernel/reading.ts'
import type { CellView, Kind, Verdict } from '../kind.ts'
import { normal, unknown } from '../kind.ts'
import { compileScore } from '../score-points.ts'
import { unitReader } from '../score-units.ts'
import type { Slot } from '../slots.ts'
import { ageSlot, fillSlot, standing } from '../slots.ts'
import type { ScoreSpec } from './score.schema.ts'

interface Memory {
  /** One for each parameter of the table. */
  readonly slots: (Slot | null)[]
  total: number
  complete: boolean
}

/** Several signals to points by a table, points to a level. What is incomplete may raise and rise, never clear or fall. */
export const score: Kind = {
  name: 'score',
  compile(rule) {
    const { table, maxAgeMs } = rule.when.spec as ScoreSpec
    const { parameters, bands } = table
    const evaluate = compileScore(table)
    const inUnits = parameters.map(({ unit }) => unitReader(unit))
    const levels = bands.map(({ level }) => level)

    return {
      form: 'joint',
      order: 'newest',
      signals: parameters.map(({ metric }) => ({ on: { metric }, elsewhere: false })),
      events: [],
      create: (): Memory => ({ slots: parameters.map(() => null), total: 0, complete: false }),
      // eslint-disable-next-line max-params -- called for every reading
      take(reading, signal, cell: CellView<Memory>, { at }) {
        const { slots } = cell.memory
        const slot = slots[signal]
        const sameDevice = slot?.device === reading.series.device
        // Where a key stands for several devices, a bad value of one does not make that of another bad.
        if (slot !== null && !sameDevice && reading.quality === 'bad') return
        slots[signal] = fillSlot(sameDevice ? slot : null, reading, at)
      },
      age({ slots }: Memory, byMs) {
        for (const slot of slots) ageSlot(slot, byMs)
      },
      judge(cell: CellView<Memory>, { at }, around): Verdict {
        const { slots } = cell.memory
        const values: Value[] = []
        cell.deadline = Infinity
        for (const [index, slot] of slots.entries()) {
          const stands = standing(slot, { maxAgeMs, at, around })
          values.push(stands.known ? inUnits[index]!(slot!.value, slot!.unit) : null)
          if (stands.until < cell.deadline) cell.deadline = stands.until
        }
        const { total, complete, band } = evaluate({ values, setting: (name, parameter) => around.setting(slots[parameter]!.device, name) })
        cell.memory.total = total
        cell.memory.complete = complete
        if (complete || (band > normal && band >= cell.active)) return band
        return cell.active > normal ? cell.active : unknown
      },
      forget({ slots }: Memory, device) {
        for (const [index, slot] of slots.entries()) if (slot?.device === device) slots[index] = null
      },
      levelOf: (verdict) => levels[verdict] ?? null,
      verdictOf: (level) => Math.max(normal, level === null ? normal : levels.indexOf(level)),
      limitOf: (verdict) => (verdict > normal ? (bands[verdict]?.total ?? null) : null),
      isUp: (from, to) => to > from,
      shown: ({ memory: { total, complete } }) => ({ value: total, unit: null, ...(complete ? {} : { text: `at least ${total}, incomplete` }) }),
    }
  },
}
