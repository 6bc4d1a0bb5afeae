import { joinedSchema } from './joined.schema.ts'

/** `all: [{ metric: hr, gt: 120 }, { metric: sbp, lt: 90 }], maxAge: 60s`: every one of them. */
export const allSchema = joinedSchema('all')
