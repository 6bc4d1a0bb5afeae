import type { Kind } from '../kind.ts'
import { normal } from '../kind.ts'
import type { AbsentSpec } from './absent.schema.ts'

const missing = 1

/** No new reading for so long, per key. Anything heard counts, good or bad, late or in time. */
export const absent: Kind = {
  name: 'absent',
  compile(rule) {
    const { afterMs, graceMs } = rule.when.spec as AbsentSpec
    return {
      scope: 'key',
      takesAnySample: true,
      expires: false,
      judge(_sample, memory, at) {
        memory.deadline = at + afterMs
        return normal
      },
      check: () => missing,
      begin(memory, at, silence) {
        memory.deadline = at + Math.max(silence.grace ? graceMs : 0, afterMs - silence.ms)
      },
      levelOf: () => null,
      verdictOf: () => missing,
      limitOf: () => null,
      isUp: () => false,
    }
  },
}
