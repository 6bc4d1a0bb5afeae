import type { Kind } from '../kind.ts'
import { normal, plainLevels } from '../kind.ts'
import type { AbsentSpec } from './absent.schema.ts'

const missing = 1

/** No new reading for so long, per key. Anything heard counts, good or bad, late or in time. */
export const absent: Kind = {
  name: 'absent',
  compile(rule) {
    const { afterMs, graceMs } = rule.when.spec as AbsentSpec
    return {
      ...plainLevels,
      form: 'signal',
      scope: 'key',
      order: 'any',
      expires: false,
      create: () => null,
      judge(_sample, cell, { at }) {
        cell.deadline = at + afterMs
        return normal
      },
      check: () => missing,
      begin(cell, at, silence) {
        cell.deadline = at + Math.max(silence.grace ? graceMs : 0, afterMs - silence.ms)
      },
      limitOf: () => null,
    }
  },
}
