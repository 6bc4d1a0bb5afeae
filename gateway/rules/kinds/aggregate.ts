import type { CellView, Kind, Moment } from '../kind.ts'
import { plainLevels, unfit } from '../kind.ts'
import { createFold } from '../window/fold.ts'
import { createSession } from '../window/session.ts'
import { createSliding } from '../window/sliding.ts'
import { createTumbling } from '../window/tumbling.ts'
import type { Windowed } from '../window/windowed.ts'
import { passTime, wakeAt } from '../window/windowed.ts'
import type { AggregateSpec } from './aggregate.schema.ts'
import { limitOfComparison } from './comparison.schema.ts'
import { shownNumber, verdictsOf } from './numeric.ts'

/** A function of the samples in a window: sliding, tumbling or a session. */
export const aggregate: Kind = {
  name: 'aggregate',
  compile(rule) {
    const { fn, window, minCount, comparison, hysteresis } = rule.when.spec as AggregateSpec
    const fold = createFold({ fn, minCount, slides: window.form === 'sliding' })
    const windowed = windowOf(window, fold)
    const verdictOf = verdictsOf(comparison, hysteresis)
    const limit = limitOfComparison(comparison)

    function say(cell: CellView, more: boolean, moment: Moment): number {
      // Of several windows that close at one moment each is heard: the rest in the steps that follow.
      if (more) cell.deadline = moment.at
      else wakeAt(cell, windowed.nextChange(cell.memory), moment)
      return verdictOf(windowed.value(cell.memory), cell.active)
    }

    return {
      ...plainLevels,
      form: 'signal',
      scope: 'series',
      order: 'watermark',
      // Of count and sum silence is an answer: 0.
      expires: fn !== 'count' && fn !== 'sum',
      create: () => windowed.create(),
      save: (memory) => windowed.save(memory),
      load: (saved) => windowed.load(saved),
      clockSet: (memory, byMs) => windowed.move(memory, byMs),
      judge(sample, cell, moment) {
        const more = windowed.settle(cell.memory, cell.watermark!)
        const x = fold.numberOf(sample.value)
        if (x !== undefined) windowed.take(cell.memory, Math.floor(moment.time), x)
        const verdict = say(cell, more, moment)
        return x === undefined ? unfit : verdict
      },
      check: (cell, moment) => say(cell, windowed.settle(cell.memory, passTime(cell, moment)), moment),
      limitOf: (verdict) => (verdict > 0 ? limit : null),
      shown(cell) {
        const shown = shownNumber(windowed.value(cell.memory))
        return fn === 'count' ? { ...shown, unit: null } : shown
      },
    }
  },
}

function windowOf(window: AggregateSpec['window'], fold: ReturnType<typeof createFold>): Windowed<any> {
  switch (window.form) {
    case 'sliding':
      return createSliding(window.ms, fold)
    case 'tumbling':
      return createTumbling(window.ms, fold)
    case 'session':
      return createSession(window, fold)
    default:
      return window satisfies never
  }
}
