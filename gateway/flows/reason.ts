/** What is known of a process that ended by itself. */
export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  /** The last error it told of. */
  readonly said: string | undefined
  /** What it printed last. */
  readonly lines: readonly string[]
  readonly heapMiB: number
}

/** For people: `exit code 1: TypeError: x is not a function`. */
export function reasonOf({ code, signal, said, lines, heapMiB }: Ended): string {
  // V8 prints this and aborts: the process cannot say it itself.
  if (lines.some((line) => /heap out of memory|Reached heap limit/.test(line))) return `its heap was full, ${heapMiB} MiB of flows.maxMemory`
  const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`
  const why = said ?? lastError(lines)
  return why === undefined ? how : `${how}: ${why}`
}

/** The last line that names an error: below it stand only its places. */
function lastError(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /^(?:\w*Error|Uncaught|Error)\b.*[:[]/.test(line))
}
