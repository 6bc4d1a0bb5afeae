import { joinedSchema } from './joined.schema.ts'

/** `any: [{ metric: hr, gt: 140 }, { metric: spo2, lt: 85 }]`: at least one of them. */
export const anySchema = joinedSchema('any')
