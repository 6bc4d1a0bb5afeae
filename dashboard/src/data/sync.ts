import { batch } from '@preact/signals'
import type { CloudEvent } from '../../../gateway/kernel/event.ts'
import type { Pulse, ValueRow } from '../../../gateway/kernel/live.ts'
import type { Alarm } from './alarm-list.ts'
import { ApiProblem, ask, askAll, setCsrfToken } from './api.ts'
import type { Page } from './api.ts'
import { freezeTime, gatewayTime, setGatewayTime } from './clock.ts'
import type { Frame } from './frames.ts'
import { tellHappened } from './happened.ts'
import { createLiveSocket } from './socket.ts'
import type { Wire } from './socket.ts'
import type { DeviceSummary, GatewayInfo, JournalEntry, Session } from './state.ts'
import { alarms, connection, gateway, pulse, putAlarms, putDevices, putJournal, rate, replaceAlarms, replaceDevices, session } from './state.ts'
import { putValues } from './values.ts'
import { setWatchSink } from './watching.ts'

const mostAlarms = 20_000
const mostDevices = 20_000
const recentEvents = 60
const againMs = 2_000
const togetherMs = 50
const waiting: JournalEntry[] = []

let socketStarted = false

/** Does the socket hear the gateway just now? */
let heard = false

const socket = createLiveSocket({
  open(after) {
    const url = new URL(`/api/v1/live${after === undefined ? '' : `?after=${after}`}`, location.href)
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
    return new WebSocket(url) as unknown as Wire
  },
  onFrame: take,
  onState(state) {
    heard = state === 'live'
    if (state === 'away') {
      freezeTime()
      connection.value = { state: 'away', since: gatewayTime() }
      return
    }
    // Alarms may have been marked as restored, devices dropped: read once more; events since then come by the socket.
    void reload()
  },
  setTimer(run, ms) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  random: Math.random,
})

/** Reads what there is, then follows the gateway for as long as the page is open. */
export async function startSync(): Promise<void> {
  setWatchSink((list) => socket.watch(list))
  addEventListener('online', () => socket.retry())
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && socket.retry())
  await begin()
}

async function begin(): Promise<void> {
  try {
    await load()
    connection.value = { state: 'live' }
  } catch (thrown) {
    const reason = thrown instanceof ApiProblem ? thrown.message : String(thrown)
    connection.value = { state: 'failed', reason }
    setTimeout(() => void begin(), againMs)
  }
}

/** Until it has worked the page stays as of then: a gateway that has just come up may still refuse some requests. */
async function reload(): Promise<void> {
  try {
    await load()
    if (heard) connection.value = { state: 'live' }
  } catch {
    setTimeout(() => heard && void reload(), againMs)
  }
}

/** The position is asked for first: what changes while the rest is read comes again by the socket, and the newer word wins. */
async function load(): Promise<void> {
  const who = await ask<Session>('session')
  setCsrfToken(who.csrfToken)
  session.value = who
  const info = await ask<GatewayInfo>('gateway')
  gateway.value = info
  setGatewayTime(Date.parse(info.now))
  const before = alarms.value
  const [alarmItems, deviceItems] = await Promise.all([askAll<Alarm>('alarms', mostAlarms), askAll<DeviceSummary>('devices', mostDevices), loadRecent()])
  replaceAlarms(alarmItems, before)
  replaceDevices(deviceItems)
  if (socketStarted) return
  socketStarted = true
  socket.start(info.log.last)
}

async function loadRecent(): Promise<void> {
  const { items } = await ask<Page<CloudEvent & { limenposition: number }>>(`events?order=desc&limit=${recentEvents}&type=limen.alarm.*,limen.gateway.*,limen.device.online,limen.device.offline`)
  putJournal(items.map(({ limenposition, ...event }) => ({ position: limenposition, event })))
}

function take({ id, event: name, data }: Frame): void {
  if (name === 'pulse') return takePulse(data as Pulse)
  if (name === 'values') return putValues((data as { values: readonly ValueRow[] }).values)
  // The log no longer holds what was missed: read everything anew.
  if (name === 'gap') return void reload()
  if (id === undefined || typeof data !== 'object' || data === null) return
  const entry = { position: id, event: data as CloudEvent }
  tellHappened(entry)
  waiting.push(entry)
  if (waiting.length === 1) setTimeout(takeWaiting, togetherMs)
}

/** A flood of events changes the page some twenty times a second, not a thousand. */
function takeWaiting(): void {
  const entries = waiting.splice(0)
  const of = (beginning: string): readonly JournalEntry[] => entries.filter(({ event }) => event.type.startsWith(beginning))
  batch(() => {
    putAlarms(of('limen.alarm.').map(({ event }) => event.data as Alarm))
    putDevices(of('limen.device.').map(({ event }) => event.data as DeviceSummary))
    putJournal(entries.filter(({ event: { type } }) => /^limen\.(?:alarm|gateway)\.|^limen\.device\.(?:online|offline)$/.test(type)))
  })
}

function takePulse(next: Pulse): void {
  const before = pulse.value
  setGatewayTime(next.now)
  // Fewer than before: the gateway was started anew.
  rate.value = before === null || next.readings < before.readings || next.now <= before.now ? null : ((next.readings - before.readings) * 1_000) / (next.now - before.now)
  pulse.value = next
  const known = gateway.value
  if (known !== null && JSON.stringify(known.health) !== JSON.stringify(next.health)) gateway.value = { ...known, health: next.health }
}
