import type { Kind } from '../kind.ts'
import { anyOf, joined } from './joined.ts'

/** At least one of several conditions, each on a signal of its own. */
export const any: Kind = { name: 'any', compile: (rule) => joined(rule, anyOf) }
