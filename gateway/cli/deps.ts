import type { Config, ConfigOverrides } from '../config/config.ts'
import type { Clock } from '../kernel/clock.ts'

/**
 * What a command is given. Every command is `export async function xCommand(args: readonly string[], deps: CliDeps): Promise<number>`
 * in a file of its own: `args` are the words after the command's name, the number is the exit code.
 * It throws LimenError for what is expected to go wrong (`USAGE` exits 2, anything else 1); main.ts prints it.
 */
export interface CliDeps {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly stdin: NodeJS.ReadableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** The working directory, absolute. */
  readonly cwd: string
  readonly clock: Clock
  /**
   * Reads `path` (`--config FILE`), or limen.yaml of the working directory, or the defaults.
   * Throws LimenError CONFIG_INVALID with every problem.
   */
  readonly loadConfig: (path?: string, overrides?: ConfigOverrides) => Promise<Config>
  /** Calls the listener at SIGINT or SIGTERM (which then no longer end the process by themselves). Gives a function that ends it. */
  readonly onStopSignal: (listener: (signal: 'SIGINT' | 'SIGTERM') => void) => () => void
}
