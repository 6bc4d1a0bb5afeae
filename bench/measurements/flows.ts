import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../proc.ts'
import { startGateway } from '../servers/subjects.ts'
import type { FlowsLoad } from '../servers/gateway-config.ts'
import { withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'
import type { Server } from '../servers/process.ts'

const settings: Readonly<Record<FlowsLoad, string>> = { off: 'flows off', idle: 'flows at rest', looping: 'a flow that loops for ever' }
const rate = 4_000
const alarmsPerSecond = 50
const warmUpSeconds = 3

/** Alarm to command while flows are off, at rest, and while one of them loops without end; and what gateway and flows take together at rest. */
export const measureFlows: Measurement = async (context) => {
  for (let run = 0; run < context.runs; run++) {
    for (const flows of ['off', 'idle', 'looping'] as const) {
      await withServer(startGateway({ flows }), async (server) => {
        if (flows !== 'off') await running(server)
        if (flows === 'idle') await rest(context, server)
        await latency(context, server, { setting: settings[flows], run: `${run}${flows}` })
      })
    }
  }
}

interface Status { readonly state: string; readonly memoryBytes: number | null }

async function statusOf(server: Server): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${server.httpPort}/api/v1/flows`)
  return (await response.json()) as Status
}

/** What is to loop loops as soon as flows run. */
async function running(server: Server): Promise<void> {
  const end = performance.now() + 30_000
  while ((await statusOf(server)).state !== 'running') {
    if (performance.now() > end) throw new Error('flows did not run within 30 s')
    await sleep(50)
  }
}

async function rest(context: Context, server: Server): Promise<void> {
  await sleep(20_000)
  const { memoryBytes } = await statusOf(server)
  const gateway = memoryOf(server.pid).rss / 1e6
  const flows = (memoryBytes ?? Number.NaN) / 1e6
  const sample = (quantity: string, value: number): void => context.notebook.note({ setting: settings.idle, subject: 'limen', quantity, unit: 'MB', value })
  sample('RSS, gateway', gateway)
  sample('RSS, flows', flows)
  sample('RSS, together', gateway + flows)
  context.tell(`at rest: gateway ${gateway.toFixed(0)} MB, flows ${flows.toFixed(0)} MB`)
}

async function latency(context: Context, server: Server, { setting, run }: { setting: string; run: string }): Promise<void> {
  const result = await context.driver.pace({
    port: server.port, connections: 50, rate, seconds: context.seconds, noDelay: true, listen: 'rules',
    warmUpSeconds, alarms: Math.round(alarmsPerSecond * (warmUpSeconds + context.seconds)), run,
  })
  const { p50, p99, missing } = result.command
  const sample = (quantity: string, unit: string, value: number): void => context.notebook.note({ setting, subject: 'limen', quantity, unit, value })
  sample('to command p50', 'ms', p50)
  sample('to command p99', 'ms', p99)
  sample('to command missing', '', missing)
  context.tell(`${setting}: to command p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, missing ${missing}`)
  if (result.generatorLateMs > 25) context.warn(`${setting}: the generator itself was up to ${result.generatorLateMs.toFixed(0)} ms late`)
}
