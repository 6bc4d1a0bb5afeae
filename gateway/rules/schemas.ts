import type { KindTable } from '../kernel/rule-kind.ts'
import { absentSchema } from './kinds/absent.schema.ts'
import { levelSchema } from './kinds/level.schema.ts'
import { scoreSchema } from './kinds/score.schema.ts'

/** The schema of every kind that can stand under `when`, for loading and checking. A new kind is one line here. */
export const kindSchemas: KindTable = { level: levelSchema, absent: absentSchema, score: scoreSchema }
