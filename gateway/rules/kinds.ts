import type { Kind } from './kind.ts'
import { absent } from './kinds/absent.ts'
import { level } from './kinds/level.ts'
import { score } from './kinds/score.ts'

/** Every kind of rule there is. A new one is a file in kinds/, its schema beside it, and a line here. */
export const kinds: readonly Kind[] = [level, absent, score]
