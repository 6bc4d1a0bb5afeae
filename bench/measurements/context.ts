import type { Driver } from '../driver.ts'
import type { Notebook } from '../figures.ts'
import type { Server } from '../servers/process.ts'
import type { SubjectName } from '../servers/subjects.ts'

/** What every measurement is given. */
export interface Context {
  readonly driver: Driver
  readonly notebook: Notebook
  /** How often each subject is measured; subjects take turns. */
  readonly runs: number
  /** Length of one run at load. */
  readonly seconds: number
  /** Whom to measure: what was asked for and is on this machine. */
  readonly subjects: readonly SubjectName[]
  readonly tell: (line: string) => void
  /** A fault of the measurement itself (lost connections, a late generator): printed, and kept with the results. */
  readonly warn: (line: string) => void
}

export type Measurement = (context: Context) => Promise<void>

export type Start = () => Promise<Server>

/** Those of these that are to be measured, in this order. */
export function starters(context: Context, all: Partial<Record<SubjectName, Start>>): readonly Start[] {
  return Object.entries(all).filter(([name]) => (context.subjects as readonly string[]).includes(name)).map(([, start]) => start)
}

/** Runs with a fresh server, which is stopped whatever happens. */
export async function withServer<T>(starting: Promise<Server>, use: (server: Server) => Promise<T>): Promise<T> {
  const server = await starting
  let result: T
  try {
    result = await use(server)
  } catch (error) {
    await server.stop().catch(() => undefined) // the first failure is the one to tell
    throw error
  }
  await server.stop()
  return result
}
