import type { Kind } from './kind.ts'
import { absent } from './kinds/absent.ts'
import { aggregate } from './kinds/aggregate.ts'
import { all } from './kinds/all.ts'
import { anomaly } from './kinds/anomaly.ts'
import { any } from './kinds/any.ts'
import { atLeast } from './kinds/at-least.ts'
import { deviation } from './kinds/deviation.ts'
import { expression } from './kinds/expression.ts'
import { flat } from './kinds/flat.ts'
import { frequency } from './kinds/frequency.ts'
import { geofence } from './kinds/geofence.ts'
import { level } from './kinds/level.ts'
import { nOfM } from './kinds/n-of-m.ts'
import { rate } from './kinds/rate.ts'
import { score } from './kinds/score.ts'
import { sequence } from './kinds/sequence.ts'

/** Every kind of rule there is. A new one is a file in kinds/, its schema beside it, and a line here. */
export const kinds: readonly Kind[] = [
  level,
  absent,
  rate,
  deviation,
  aggregate,
  nOfM,
  flat,
  anomaly,
  all,
  any,
  atLeast,
  sequence,
  frequency,
  score,
  geofence,
  expression,
]
