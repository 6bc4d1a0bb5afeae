import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from '../proc.ts'
import { median } from '../statistics.ts'
import { startBareAedes, startGateway } from '../servers/subjects.ts'
import { starters, withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'
import type { Server } from '../servers/process.ts'

/** Resident memory at rest, at 1,000 readings/s and at saturation; gateway and bare aedes take turns. */
export const measureMemory: Measurement = async (context) => {
  // a first start fills the compile cache, as an earlier start has on a user's machine
  if (context.subjects.includes('limen')) await withServer(startGateway(), () => sleep(500))
  for (let run = 0; run < context.runs; run++) {
    for (const start of starters(context, { limen: startGateway, aedes: startBareAedes })) {
      await withServer(start(), async (server) => {
        // what starting left behind is given back within some 15 s
        await sleep(20_000)
        note(context, server, 'at rest', [memoryOf(server.pid)])
        const paced = watch(server, context.driver.pace({
          port: server.port, connections: 50, rate: 1_000, seconds: Math.max(10, context.seconds), noDelay: true, alarms: 0, run: 'memory', listen: 'relay',
        }))
        note(context, server, 'at 1,000 readings/s', await paced)
        const saturated = watch(server, context.driver.saturate({
          port: server.port, connections: 50, inFlight: 50, warmUpSeconds: 2, seconds: Math.max(10, context.seconds), noDelay: true,
        }))
        note(context, server, 'at saturation', await saturated)
      })
    }
  }
}

interface Memory { readonly rss: number; readonly pss: number }

/** Looks four times a second while the job runs. */
async function watch(server: Server, job: Promise<unknown>): Promise<readonly Memory[]> {
  const seen: Memory[] = []
  const looking = setInterval(() => seen.push(memoryOf(server.pid)), 250)
  try {
    await job
  } finally {
    clearInterval(looking)
  }
  return seen
}

function note(context: Context, server: Server, setting: string, seen: readonly Memory[]): void {
  const megabytes = (bytes: number): number => bytes / 1e6
  const sample = (quantity: string, value: number): void => context.notebook.note({ setting, subject: server.subject, quantity, unit: 'MB', value })
  const rss = seen.map((memory) => megabytes(memory.rss))
  sample('RSS, median', median(rss))
  sample('RSS, highest', Math.max(...rss))
  sample('PSS, median', median(seen.map((memory) => megabytes(memory.pss))))
  context.tell(`${setting}, ${server.subject}: RSS ${median(rss).toFixed(0)} MB, highest ${Math.max(...rss).toFixed(0)} MB`)
}
