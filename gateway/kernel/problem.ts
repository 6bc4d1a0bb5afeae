/** One thing that is wrong with a configuration, a rule file or an environment variable, and what would be right. */
export interface Problem {
  /** As a person would write it (relative to the working directory where that is shorter), or `environment`, or `command line`. */
  readonly file: string
  /** From 1; 0 where there is no text to point at (environment, command line, a file that cannot be read). */
  readonly line: number
  readonly column: number
  /** `http.port`, `rules[2].when.level`; empty for the whole file. */
  readonly path: string
  /** `expected a port number 0…65535, found "abc"`. Never holds a secret. */
  readonly message: string
  /** `write e.g. port: 8080` */
  readonly remedy: string
}

/** `limen.yaml:12:5 http.port: expected a port number 0…65535, found "abc"; write e.g. port: 8080` */
export function formatProblem(problem: Problem): string {
  const place = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file
  const subject = problem.path === '' ? place : `${place} ${problem.path}`
  return problem.remedy === '' ? `${subject}: ${problem.message}` : `${subject}: ${problem.message}; ${problem.remedy}`
}

/** What is said of the first of several things that are wrong, and how many more there are. */
export function andMore(first: string, count: number): string {
  return count > 1 ? `${first} (and ${count - 1} more)` : first
}

/** File, then position, then path: the order in which a person mends them. */
export function compareProblems(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1
  return a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
}
