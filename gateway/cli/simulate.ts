import type { CliDeps } from './deps.ts'

/** The simulator is a product of its own, which meets the gateway only over MQTT; here it is only called. */
export async function simulateCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const { runSimulator } = await import('../../devices-sim/main.ts')
  const stopping = new AbortController()
  const release = deps.onStopSignal(() => stopping.abort())
  try {
    return await runSimulator(args, {
      out: { isTty: 'isTTY' in deps.stdout && deps.stdout.isTTY === true, write: (text) => void deps.stdout.write(text) },
      error: (line) => void deps.stderr.write(`${line}\n`),
      signal: stopping.signal,
    })
  } finally {
    release()
  }
}
