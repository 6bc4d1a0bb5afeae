import { startBareAedes, startGateway, startMosquitto } from '../servers/subjects.ts'
import { starters, withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'
import type { PaceResult, Spread } from '../generator/jobs.ts'

/** Alarms a second during a run, each on a device of its own. */
const alarmsPerSecond = 50

/** A gateway in service has long compiled what it runs; the first second of a process is another measurement (start). */
const warmUpSeconds = 3

const rates = [1_000, 4_000, 20_000]

/**
 * From the write of a reading to the arrival of the command at the actuator and of the alarm at a display.
 * Baselines: aedes that answers from memory, and Mosquitto that only relays the reading to a subscriber.
 */
export const measureLatency: Measurement = async (context) => {
  const everybody = { limen: startGateway, aedes: () => startBareAedes({ alarms: true }), mosquitto: startMosquitto }
  for (let run = 0; run < context.runs; run++) {
    for (const rate of rates) {
      for (const noDelay of [true, false]) {
        for (const start of starters(context, everybody)) {
          const listen = start === startMosquitto ? 'relay' : 'rules'
          await withServer(start(), async (server) => {
            const result = await context.driver.pace({
              port: server.port, connections: 50, rate, seconds: context.seconds, noDelay, listen,
              warmUpSeconds, alarms: Math.round(alarmsPerSecond * (warmUpSeconds + context.seconds)), run: `${run}${noDelay ? 'n' : 'd'}${rate}`,
            })
            note(context, server.subject, result, { rate, noDelay, listen })
          })
        }
      }
    }
  }
}

function note(context: Context, subject: string, result: PaceResult, { rate, noDelay, listen }: { rate: number; noDelay: boolean; listen: 'rules' | 'relay' }): void {
  const setting = `${rate.toLocaleString('en')} readings/s, publishers ${noDelay ? 'TCP_NODELAY' : 'Nagle'}`
  const write = (name: string, spread: Spread): void => {
    const sample = (quantity: string, unit: string, value: number): void => context.notebook.note({ setting, subject, quantity: `${name} ${quantity}`, unit, value })
    sample('p50', 'ms', spread.p50)
    sample('p99', 'ms', spread.p99)
    sample('max', 'ms', spread.max)
    sample('missing', '', spread.missing)
    context.tell(`${setting}, ${subject}: ${name} p50 ${spread.p50.toFixed(1)} ms, p99 ${spread.p99.toFixed(1)} ms, missing ${spread.missing}`)
  }
  if (listen === 'rules') write('to command', result.command)
  write(listen === 'rules' ? 'to alarm topic' : 'to a subscriber (no rules)', result.alarm)
  for (const why of result.lost) context.warn(`${subject}, ${setting}: connection lost: ${why}`)
  if (result.acknowledged < result.sent) context.warn(`${subject}, ${setting}: ${result.sent - result.acknowledged} of ${result.sent} readings not acknowledged`)
  if (result.generatorLateMs > 25) context.warn(`${subject}, ${setting}: the generator itself was up to ${result.generatorLateMs.toFixed(0)} ms late`)
}
