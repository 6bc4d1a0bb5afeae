import { setTimeout as sleep } from 'node:timers/promises'
import { openConnection, openConnections } from './connection.ts'
import type { Connection } from './connection.ts'
import type { SaturateJob, SaturateResult } from './jobs.ts'
import { createHubSeries, createStamp } from './series.ts'

/** Keeps `inFlight` publishes unacknowledged on every connection and counts PUBACKs. */
export async function saturate(job: SaturateJob): Promise<SaturateResult> {
  const stamp = createStamp()
  const lost: string[] = []
  let sending = true
  let sent = 0
  let acknowledged = 0
  let ids = 0

  function openPublisher(index: number): Promise<Connection> {
    const hub = createHubSeries(index)
    // acknowledged since the last write; sent again together at the end of the turn, as a pipelining client does
    let free = 0
    let scheduled = false
    let connection: Connection | undefined
    function refill(): void {
      scheduled = false
      if (!sending || connection === undefined) return
      const out = Buffer.allocUnsafe(free * hub.packetBytes)
      let at = 0
      for (; free > 0; free--) at = hub.writeNext(out, at, stamp.bytes)
      sent += out.length / hub.packetBytes
      connection.socket.write(out)
    }
    return openConnection(
      { port: job.port, clientId: `bench-${process.pid}-${ids++}`, noDelay: job.noDelay, onLost: (why) => lost.push(why) },
      {
        puback() {
          acknowledged++
          free++
          if (!scheduled) {
            scheduled = true
            queueMicrotask(refill)
          }
        },
      },
    ).then((opened) => {
      connection = opened
      free = job.inFlight
      refill()
      return opened
    })
  }

  const renewing = setInterval(() => stamp.renew(), 1)
  try {
    const connections = await openConnections(job.connections, openPublisher)
    await sleep(job.warmUpSeconds * 1_000)
    const cpu = process.cpuUsage()
    const before = { at: performance.now(), acknowledged }
    await sleep(job.seconds * 1_000)
    const seconds = (performance.now() - before.at) / 1_000
    const used = process.cpuUsage(cpu)
    const counted = acknowledged - before.acknowledged
    sending = false
    const allIn = (): boolean => acknowledged >= sent
    for (let waitedMs = 0; !allIn() && waitedMs < 5_000; waitedMs += 20) await sleep(20)
    for (const connection of connections) connection.close()
    return {
      kind: 'saturate',
      acknowledged: counted,
      acknowledgedInAll: acknowledged,
      seconds,
      perSecond: counted / seconds,
      unacknowledged: sent - acknowledged,
      lost,
      generatorCpu: (used.user + used.system) / 1e6 / seconds,
    }
  } finally {
    clearInterval(renewing)
  }
}
