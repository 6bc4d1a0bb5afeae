import type { Block, CommandLine } from './markdown.ts'
import type { Session, SessionSet } from './session.ts'

/** What the gateway of a page needs, and what its commands must say besides ending well. */
export interface Scene extends Pick<SessionSet, 'files' | 'env'> {
  /** Added to the gateway's configuration. */
  readonly yaml?: (tools: Pick<SessionSet, 'influxPort'>) => string
  /** Ports of the text that another one stands for, besides those of gateway and InfluxDB. */
  readonly ports?: Readonly<Record<number, () => Promise<number>>>
  /** Before the first command. */
  readonly prepare?: (session: Session) => Promise<void>
  /** Words in capitals that a reader replaces: ID. What stands for them when the command is run. */
  readonly words?: Readonly<Record<string, (session: Session, command: CommandLine) => Promise<string>>>
  /** What the output of a command that begins like this matches. One that no command begins with fails. */
  readonly says?: readonly (readonly [begins: string, output: RegExp])[]
  /** JavaScript blocks, by the name behind ```js. A block without an entry fails. */
  readonly scripts?: Readonly<Record<string, (session: Session, block: Block) => Promise<void>>>
}

export async function getJson<T>({ gateway }: Session, path: string): Promise<T> {
  return (await (await fetch(`${gateway.httpUrl}${path}`)).json()) as T
}
