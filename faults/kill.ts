import { setTimeout as sleep } from 'node:timers/promises'
import { startGatewayProcess } from '../test/support/gateway-process.ts'
import { type Finding, startLoad, surgeRule } from './books.ts'
import type { Fault } from './fault.ts'

/** kill -9 under load, at a random moment of the commit cycle, again and again. */
export const kill: Fault = async ({ rounds, tell }) => {
  const limen = await startGatewayProcess({ yaml: 'rules: [rules.yaml]\n', files: { 'rules.yaml': surgeRule } })
  const load = startLoad(limen)
  try {
    for (let round = 1; round <= rounds; round++) {
      await load.getOn(200)
      await sleep(Math.random() * 100)
      const from = performance.now()
      await limen.kill()
      await limen.start()
      load.moveTo(limen.mqttUrl)
      tell(`kill ${round} of ${rounds}: ready again after ${(performance.now() - from).toFixed(0)} ms, ${load.acknowledged()} acknowledged so far`)
    }
    await load.getOn(1)
    const findings: readonly Finding[] = await load.close('kill -9')
    return findings
  } finally {
    await load.end()
    await limen.remove()
  }
}
