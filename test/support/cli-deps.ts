import { Readable, Writable } from 'node:stream'
import type { CliDeps } from '../../gateway/cli/deps.ts'
import { loadConfig } from '../../gateway/config/load.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'

export interface CapturedCli {
  readonly deps: CliDeps
  /** All that was written so far. */
  out(): string
  err(): string
}

/** What a command is given, with its output kept for a look. */
export function createCapturedCli(options: { cwd: string; env?: Readonly<Record<string, string>> }): CapturedCli {
  const env = options.env ?? {}
  const out = capture()
  const err = capture()
  return {
    deps: {
      stdout: out.stream,
      stderr: err.stream,
      stdin: Readable.from([]),
      env,
      cwd: options.cwd,
      clock: systemClock,
      loadConfig: (path, overrides) => loadConfig({ path, overrides, env, cwd: options.cwd }),
      onStopSignal: () => () => {},
    },
    out: out.text,
    err: err.text,
  }
}

function capture(): { stream: Writable; text: () => string } {
  const chunks: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString('utf8'))
      done()
    },
  })
  return { stream, text: () => chunks.join('') }
}
