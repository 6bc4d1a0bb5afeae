import { readFile } from 'node:fs/promises'
import { createGateway } from '../gateway.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import { createLogger } from './logger.ts'
import type { CliDeps } from './deps.ts'
import { loadConfiguredRules } from './load-rules.ts'
import { readArguments } from './usage.ts'
import { startWatchdog } from './watchdog.ts'

const tidiedUpToBytes = 150e6

/** `limen start`: runs the gateway until it is told to stop. Exit code 0 after a clean stop, 1 where the data could not be trusted any more. */
export async function startCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const given = readArguments(args, { command: 'limen start', options: { config: { value: 'FILE' }, data: { value: 'DIR' } } })
  const path = given.text('config')
  const data = given.text('data')
  const config = await deps.loadConfig(path, data === undefined ? {} : { data })
  const logger = createLogger(deps.stderr)
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }

  let endRun: (code: number) => void = () => {}
  const ended = new Promise<number>((resolve) => { endRun = resolve })
  const gateway = createGateway(config, {
    clock: deps.clock,
    logger,
    random: Math.random,
    version,
    loadRules: (sources) => loadConfiguredRules({ ...config, rules: sources }, deps.cwd),
    async rereadRules() {
      try {
        return (await deps.loadConfig(config.file ?? path, data === undefined ? {} : { data })).rules
      } catch (thrown) {
        if (thrown instanceof LimenError) return { problems: thrown.problems }
        throw thrown
      }
    },
    onFatal(error) {
      logger.error({ err: error }, 'the store failed; ending, to recover at the next start')
      // Nothing in memory is worth more than what is on disk: no orderly stop, which would write.
      process.exit(1)
    },
  })
  const release = deps.onStopSignal((signal) => {
    logger.info({ signal }, 'stopping')
    endRun(0)
  })
  try {
    const starting = gateway.start()
    // Told to stop before it is up, which may take long where much of the log is to be gone through again: it is not waited for.
    const early = await Promise.race([starting.then(() => undefined), ended])
    if (early !== undefined) {
      starting.catch((error: unknown) => logger.info({ reason: asError(error).message }, 'the start was broken off'))
      await gateway.stop()
      return early
    }
    // What starting left behind goes before work begins, not in the middle of it (main.ts exposes it). Where there is much that
    // stays, to look through all of it would be a second or two of a start that somebody waits for.
    if (process.memoryUsage().heapUsed < tidiedUpToBytes) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    const { mqtt, http } = gateway.addresses()
    deps.stdout.write(`limen ready mqtt=${mqtt.host}:${mqtt.port} http=${http.host}:${http.port}\n`)
    const stopWatchdog = startWatchdog(deps.env, { clock: deps.clock, warn: (message) => logger.warn({}, message) })
    const code = await ended
    stopWatchdog()
    await gateway.stop()
    return code
  } finally {
    release()
  }
}
