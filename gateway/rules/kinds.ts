import type { Kind } from './kind.ts'
import { absent } from './kinds/absent.ts'
import { aggregate } from './kinds/aggregate.ts'
import { anomaly } from './kinds/anomaly.ts'
import { flat } from './kinds/flat.ts'
import { level } from './kinds/level.ts'
import { nOfM } from './kinds/n-of-m.ts'
import { rate } from './kinds/rate.ts'
import { score } from './kinds/score.ts'

/** Every kind of rule there is. A new one is a file in kinds/, its schema beside it, and a line here. */
export const kinds: readonly Kind[] = [
  level,
  absent,
  rate,
  aggregate,
  nOfM,
  flat,
  anomaly,
  score,
]
