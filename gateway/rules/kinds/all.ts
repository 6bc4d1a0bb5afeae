import type { Kind } from '../kind.ts'
import { allOf, joined } from './joined.ts'

/** Every one of several conditions, each on a signal of its own. */
export const all: Kind = { name: 'all', compile: (rule) => joined(rule, allOf) }
