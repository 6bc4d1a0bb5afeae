import { booksOf } from '../books.ts'
import { cpuSecondsOf } from '../proc.ts'
import { startBareAedes, startGateway, startMosquitto, startTrivial } from '../servers/subjects.ts'
import { starters, withServer } from './context.ts'
import type { Context, Measurement, Start } from './context.ts'
import type { Server } from '../servers/process.ts'

const everybody = { limen: startGateway, aedes: startBareAedes, mosquitto: startMosquitto }

/** QoS 1, 50 connections × 50 in flight, 100 rules loaded; bare aedes, Mosquitto and the generator's own ceiling take turns with it. */
export const measureThroughput: Measurement = async (context) => {
  for (let run = 0; run < context.runs; run++) {
    for (const start of starters(context, everybody)) await one(context, start, '50 connections × 50 in flight', 50, 50)
  }
  await one(context, startTrivial, '50 connections × 50 in flight', 50, 50)
}

/** One publisher with 1, 20 and 40 in flight: what a careful device and a pipelining hub see. */
export const measureInFlight: Measurement = async (context) => {
  for (let run = 0; run < context.runs; run++) {
    for (const start of starters(context, everybody)) {
      for (const window of [1, 20, 40]) await one(context, start, `1 connection × ${window} in flight`, 1, window)
    }
  }
}

async function one(context: Context, start: Start, setting: string, connections: number, window: number): Promise<void> {
  await withServer(start(), (server) => load(context, server, setting, connections, window))
}

async function load(context: Context, server: Server, setting: string, connections: number, window: number): Promise<void> {
  const cpu = cpuSecondsOf(server.pid)
  const result = await context.driver.saturate({ port: server.port, connections, inFlight: window, warmUpSeconds: 2, seconds: context.seconds, noDelay: true })
  const cpuMicros = ((cpuSecondsOf(server.pid) - cpu) / (context.seconds + 2) / result.perSecond) * 1e6
  const note = (quantity: string, unit: string, value: number): void => context.notebook.note({ setting, subject: server.subject, quantity, unit, value })
  note('acknowledged', '/s', result.perSecond)
  note('processor time', 'µs/message', cpuMicros)
  note('generator', 'cores', result.generatorCpu)
  context.tell(`${setting}, ${server.subject}: ${Math.round(result.perSecond).toLocaleString('en')} /s`)
  for (const why of result.lost) context.warn(`${server.subject}, ${setting}: connection lost: ${why}`)
  const doubt = await booksOf(server, result.acknowledgedInAll)
  if (doubt !== undefined) context.warn(`${server.subject}, ${setting}: ${doubt}`)
  if (result.unacknowledged > 0) context.warn(`${server.subject}, ${setting}: ${result.unacknowledged} publishes never acknowledged`)
}
