import type { KindTable } from '../kernel/rule-kind.ts'
import { absentSchema } from './kinds/absent.schema.ts'
import { aggregateSchema } from './kinds/aggregate.schema.ts'
import { allSchema } from './kinds/all.schema.ts'
import { anomalySchema } from './kinds/anomaly.schema.ts'
import { anySchema } from './kinds/any.schema.ts'
import { atLeastSchema } from './kinds/at-least.schema.ts'
import { deviationSchema } from './kinds/deviation.schema.ts'
import { expressionSchema } from './kinds/expression.schema.ts'
import { flatSchema } from './kinds/flat.schema.ts'
import { frequencySchema } from './kinds/frequency.schema.ts'
import { geofenceSchema } from './kinds/geofence.schema.ts'
import { levelSchema } from './kinds/level.schema.ts'
import { nOfMSchema } from './kinds/n-of-m.schema.ts'
import { rateSchema } from './kinds/rate.schema.ts'
import { scoreSchema } from './kinds/score.schema.ts'
import { sequenceSchema } from './kinds/sequence.schema.ts'

/** The schema of every kind that can stand under `when`, for loading and checking. A new kind is one line here. */
export const kindSchemas: KindTable = {
  level: levelSchema,
  absent: absentSchema,
  rate: rateSchema,
  deviation: deviationSchema,
  aggregate: aggregateSchema,
  nOfM: nOfMSchema,
  flat: flatSchema,
  anomaly: anomalySchema,
  all: allSchema,
  any: anySchema,
  atLeast: atLeastSchema,
  sequence: sequenceSchema,
  frequency: frequencySchema,
  score: scoreSchema,
  geofence: geofenceSchema,
  expression: expressionSchema,
}
