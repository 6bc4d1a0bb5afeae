import { setTimeout as sleep } from 'node:timers/promises'
import { spreadOf } from '../statistics.ts'
import { openConnection, openConnections } from './connection.ts'
import type { Connection } from './connection.ts'
import type { PaceJob, PaceResult, Spread } from './jobs.ts'
import { pubackPacket, publishPacket, subscribePacket } from './packets.ts'
import { createHubSeries, createStamp } from './series.ts'

/** Sends at a steady rate, each message on its own and on time, whatever the server does; times what comes of the alarms. */
export async function pace(job: PaceJob): Promise<PaceResult> {
  const stamp = createStamp()
  const lost: string[] = []
  const onLost = (why: string): void => void lost.push(why)
  const sentAt = new Float64Array(job.alarms).fill(Number.NaN)
  const commandAt = new Float64Array(job.alarms).fill(Number.NaN)
  const alarmAt = new Float64Array(job.alarms).fill(Number.NaN)
  let acknowledged = 0
  let sent = 0

  const listeners = job.alarms === 0 ? [] : await openListeners(job, { commandAt, alarmAt, onLost })
  const hubs = Array.from({ length: job.connections }, (_, i) => createHubSeries(i))
  const publishers = await openConnections(job.connections, (i) =>
    openConnection({ port: job.port, clientId: `bench-${process.pid}-${job.run}-${i}`, noDelay: job.noDelay, onLost }, { puback: () => void acknowledged++ }))

  const total = Math.round(job.rate * (job.warmUpSeconds + job.seconds))
  const alarmEvery = job.alarms === 0 ? Infinity : total / job.alarms
  const start = performance.now()
  const cpu = process.cpuUsage()
  let nextAlarm = 0
  let lateMs = 0

  function sendNext(): void {
    const turn = sent % publishers.length
    const hub = hubs[turn]!
    const socket = publishers[turn]!.socket
    // in the middle of its slice of the run, so that the first alarm meets a gateway in its stride
    if (sent >= (nextAlarm + 0.5) * alarmEvery && nextAlarm < job.alarms) {
      const topic = `devices/${alarmDevice(job.run, nextAlarm)}/pressure`
      const payload = `{"value":150.5,"ts":${Date.now()},"seq":1}`
      const bytes = publishPacket(topic, payload, hub.nextPacketId())
      sentAt[nextAlarm] = performance.now()
      socket.write(bytes)
      nextAlarm++
    } else {
      const out = Buffer.allocUnsafe(hub.packetBytes)
      hub.writeNext(out, 0, stamp.bytes)
      socket.write(out)
    }
    sent++
  }

  await new Promise<void>((resolve) => {
    const ticking = setInterval(() => {
      stamp.renew()
      const now = performance.now()
      const due = Math.min(total, Math.floor(((now - start) / 1_000) * job.rate))
      if (due > sent) lateMs = Math.max(lateMs, now - start - (sent / job.rate) * 1_000)
      while (sent < due) sendNext()
      if (sent < total) return
      clearInterval(ticking)
      resolve()
    }, 1)
  })
  const seconds = (performance.now() - start) / 1_000
  const used = process.cpuUsage(cpu)
  await settled(() => acknowledged >= sent && count(alarmAt) === job.alarms && (job.listen === 'relay' || count(commandAt) === job.alarms), job.settleSeconds)
  for (const connection of [...publishers, ...listeners]) connection.close()
  const counted = sentAt.findIndex((at) => at >= start + job.warmUpSeconds * 1_000)
  const delays = (at: Float64Array): Spread => {
    const all = differences(at, sentAt)
    return { ...spreadOf(counted < 0 ? [] : all.slice(counted)), missing: spreadOf(all).missing }
  }
  return {
    kind: 'pace', sent, acknowledged, seconds, lost,
    command: delays(commandAt),
    alarm: delays(alarmAt),
    generatorLateMs: lateMs,
    generatorCpu: (used.user + used.system) / 1e6 / seconds,
  }
}

function alarmDevice(run: string, index: number): string {
  return `alarm-${run}-${index}`
}

/** The actuator and the alarm display: two clients of their own, with TCP_NODELAY, as delivery of an alarm deserves. */
async function openListeners(job: PaceJob, seen: { commandAt: Float64Array; alarmAt: Float64Array; onLost: (why: string) => void }): Promise<Connection[]> {
  async function listen(name: string, filter: string, take: (topic: string, payload: Buffer, connection: Connection) => void): Promise<Connection> {
    let granted: () => void = () => undefined
    const subscribed = new Promise<void>((resolve) => (granted = resolve))
    const connection = await openConnection({ port: job.port, clientId: `bench-${process.pid}-${job.run}-${name}`, noDelay: true, onLost: seen.onLost }, {
      puback: () => undefined,
      publish(topic, payload, packetId) {
        take(topic, payload, connection)
        if (packetId > 0) connection.socket.write(pubackPacket(packetId))
      },
      other: (type) => (type === 9 ? granted() : undefined),
    })
    connection.socket.write(subscribePacket(1, filter, 1))
    await subscribed
    return connection
  }
  const mark = (times: Float64Array, topic: string): void => {
    const device = topic.split('/').find((level) => level.includes(`alarm-${job.run}-`))
    const index = device === undefined ? -1 : Number(device.slice(device.lastIndexOf('-') + 1))
    if (index >= 0 && Number.isNaN(times[index])) times[index] = performance.now()
  }
  if (job.listen === 'relay') return [await listen('relay', 'devices/+/pressure', (topic) => mark(seen.alarmAt, topic))]
  return [
    await listen('fan', 'devices/+/power/set', (topic, payload, connection) => {
      mark(seen.commandAt, topic)
      const { id } = JSON.parse(payload.toString()) as { id: string }
      connection.socket.write(publishPacket(topic.replace(/set$/, 'ack'), JSON.stringify({ id, status: 'done' }), 0))
    }),
    await listen('display', 'limen/alarms/+/+', (topic) => mark(seen.alarmAt, topic)),
  ]
}

async function settled(done: () => boolean, atMostSeconds: number): Promise<void> {
  for (let waitedMs = 0; !done() && waitedMs < atMostSeconds * 1_000; waitedMs += 20) await sleep(20)
}

function count(times: Float64Array): number {
  return times.reduce((n, at) => (Number.isNaN(at) ? n : n + 1), 0)
}

function differences(at: Float64Array, from: Float64Array): number[] {
  return [...at].map((time, i) => time - from[i]!)
}
