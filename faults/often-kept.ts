/**
 * The gateway, but that it keeps the rules' state every few thousand entries of its log instead of every quarter of a million: so that a
 * kill meets it while it does. `node faults/often-kept.ts start --config FILE`
 */
import { createLogger } from '../gateway/cli/logger.ts'
import { loadConfiguredRules } from '../gateway/cli/load-rules.ts'
import { loadConfig } from '../gateway/config/load.ts'
import { createGateway } from '../gateway/gateway.ts'
import { systemClock } from '../gateway/kernel/clock.ts'

const path = process.argv[4]!
const read = () => loadConfig({ path, overrides: {}, env: process.env, cwd: process.cwd() })
const config = await read()
const logger = createLogger(process.stderr)
const gateway = createGateway(config, {
  clock: systemClock,
  logger,
  random: Math.random,
  version: 'trial',
  keepStateEvery: 1_500,
  loadRules: (sources) => loadConfiguredRules({ ...config, rules: sources }, process.cwd()),
  rereadRules: async () => (await read()).rules,
  onFatal(error) {
    logger.error({ err: error }, 'the store failed')
    process.exit(1)
  },
})
process.once('SIGTERM', () => {
  gateway.stop().then(() => process.exit(0), (thrown: unknown) => {
    logger.error({ err: thrown }, 'it did not stop')
    process.exit(1)
  })
})
await gateway.start()
const { mqtt, http } = gateway.addresses()
process.stdout.write(`limen ready mqtt=${mqtt.host}:${mqtt.port} http=${http.host}:${http.port}\n`)
