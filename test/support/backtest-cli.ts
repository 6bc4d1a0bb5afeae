import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import type { CliDeps } from '../../gateway/cli/deps.ts'
import { runCommandLine } from '../../gateway/cli/run.ts'
import type { BacktestLine, BacktestSummary } from '../../gateway/kernel/backtest.ts'
import { createCapturedCli } from './cli-deps.ts'
import { tempDir } from './temp-dir.ts'

export interface BacktestRun {
  readonly code: number
  readonly err: string
  readonly lines: readonly (BacktestLine & { readonly wallMs?: number })[]
  /** `1500 hot oven raised` */
  readonly told: readonly string[]
  readonly summary: BacktestSummary | undefined
}

/** `limen backtest` in a folder of its own. */
export function backtestScene(files: Readonly<Record<string, string>> = {}) {
  const cwd = tempDir()
  const write = (name: string, text: string): void => {
    mkdirSync(dirname(join(cwd, name)), { recursive: true })
    writeFileSync(join(cwd, name), text)
  }
  for (const [name, text] of Object.entries(files)) write(name, text)

  async function run(args: readonly string[], change: Partial<CliDeps> & { readonly input?: Readable | string; readonly onWrite?: () => void } = {}): Promise<BacktestRun> {
    const { input, onWrite, ...deps } = change
    const cli = createCapturedCli({ cwd })
    if (onWrite !== undefined) {
      const { stdout } = cli.deps
      const writeOn = stdout.write.bind(stdout)
      stdout.write = (text: string) => {
        onWrite()
        return writeOn(text)
      }
    }
    const stdin = typeof input === 'string' ? Readable.from([Buffer.from(input)]) : (input ?? cli.deps.stdin)
    const code = await runCommandLine(['backtest', ...args], { ...cli.deps, stdin, ...deps })
    const lines = cli.out().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as BacktestLine | { summary: BacktestSummary })
    const last = lines.at(-1)
    const summary = last !== undefined && 'summary' in last ? last.summary : undefined
    if (summary !== undefined) lines.pop()
    const told = (lines as BacktestLine[]).map(({ at, rule, key, event }) => `${at} ${rule} ${key} ${event}`)
    return { code, err: cli.err(), lines: lines as BacktestLine[], told, summary }
  }

  return { cwd, write, run }
}

export const jsonl = (...lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
