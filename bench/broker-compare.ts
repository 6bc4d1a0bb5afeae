import { join } from 'node:path'
import { createDriver } from './driver.ts'
import { cpuSecondsOf } from './proc.ts'
import { launch } from './servers/process.ts'
import { startBareAedes } from './servers/subjects.ts'

/** `node bench/broker-compare.ts [RUNS]`: the broker room with a door that only parses JSON, taking turns with bare aedes that does the same. */
const runs = Number(process.argv[2] ?? 3)
const seconds = 4
const warmUpSeconds = 1

const startRoom = (): ReturnType<typeof launch> =>
  launch({ subject: 'broker room', command: process.execPath, args: [join(import.meta.dirname, 'broker-server.ts'), '--window', '5'], ready: /mqtt=\S+:(\d+)/ })

for (let run = 0; run < runs; run++) {
  for (const start of [startBareAedes, startRoom]) {
    const server = await start()
    const driver = createDriver()
    const cpu = cpuSecondsOf(server.pid)
    const { perSecond } = await driver.saturate({ port: server.port, connections: 50, inFlight: 50, warmUpSeconds, seconds, noDelay: true })
    const micros = ((cpuSecondsOf(server.pid) - cpu) / (seconds + warmUpSeconds) / perSecond) * 1e6
    console.log(`${server.subject}: ${Math.round(perSecond).toLocaleString('en')} /s, ${micros.toFixed(2)} µs of processor time a message`)
    await driver.stop()
    await server.stop()
  }
}
