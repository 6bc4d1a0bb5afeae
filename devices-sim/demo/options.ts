import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** So long it runs; undefined: until somebody ends it. */
  readonly forMs: number | undefined
  /** Absolute. */
  readonly data: string
  /** Begins with nothing. */
  readonly fresh: boolean
}

export type ParsedDemo = { readonly ok: true; readonly options: DemoOptions } | { readonly ok: false; readonly problem: string }

const problem = 'takes --fresh (begin with nothing), --data DIR (default: data/demo) and --for SECONDS, e.g. npm run demo -- --fresh --for 60'

/** `--for SECONDS` ends the demonstration by itself, with 1 if a path was not seen. */
export function parseDemoArguments(argv: readonly string[], root: string): ParsedDemo {
  try {
    const { values } = parseArgs({ args: [...argv], options: { for: { type: 'string' }, data: { type: 'string' }, fresh: { type: 'boolean', default: false } } })
    const seconds = values.for === undefined ? undefined : Number(values.for.replace(/s$/, ''))
    if (seconds !== undefined && !(seconds > 0 && seconds < 86_400)) return { ok: false, problem }
    return { ok: true, options: { forMs: seconds === undefined ? undefined : seconds * 1_000, data: values.data === undefined ? join(root, 'data', 'demo') : resolve(values.data), fresh: values.fresh } }
  } catch {
    return { ok: false, problem } // an option that does not exist
  }
}
