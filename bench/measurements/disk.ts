import { setTimeout as sleep } from 'node:timers/promises'
import { payloadBytes } from '../generator/packets.ts'
import { bytesWrittenBy } from '../proc.ts'
import { startGateway } from '../servers/subjects.ts'
import { withServer } from './context.ts'
import type { Measurement } from './context.ts'

/** Bytes the gateway causes to be written per reading at 1,000/s; the baseline is the payload itself. */
export const measureDisk: Measurement = async (context) => {
  if (!context.subjects.includes('limen')) return
  const seconds = Math.max(20, context.seconds)
  for (let run = 0; run < context.runs; run++) {
    await withServer(startGateway(), async (server) => {
      await sleep(1_000)
      const before = bytesWrittenBy(server.pid)
      const result = await context.driver.pace({ port: server.port, connections: 50, rate: 1_000, seconds, noDelay: true, alarms: 0, run: 'disk', listen: 'relay' })
      // what the system still holds back is charged when the page is dirtied, so nothing need be waited for
      const perReading = (bytesWrittenBy(server.pid) - before) / result.sent
      const note = (quantity: string, unit: string, value: number): void => context.notebook.note({ setting: '1,000 readings/s', subject: server.subject, quantity, unit, value })
      note('written per reading', 'B', perReading)
      note('payload per reading', 'B', payloadBytes)
      note('written per payload byte', '×', perReading / payloadBytes)
      context.tell(`1,000 readings/s for ${seconds} s: ${perReading.toFixed(0)} bytes written a reading, ${(perReading / payloadBytes).toFixed(1)} × its payload`)
      if (result.acknowledged < result.sent) context.warn(`${result.sent - result.acknowledged} of ${result.sent} readings not acknowledged`)
    })
  }
}
