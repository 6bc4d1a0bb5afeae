import { describe, expect, it } from 'vitest'
import { createAlarmStage } from '../gateway/alarm-stage.ts'
import { createAnnouncements } from '../gateway/announce.ts'
import { createGate } from '../gateway/gate.ts'
import { createIngest } from '../gateway/ingest/ingest.ts'
import { createPostedEvents } from '../gateway/ingest/posted.ts'
import { createRejections } from '../gateway/ingest/rejections.ts'
import type { Publication, Receipt } from '../gateway/kernel/contracts.ts'
import { LimenError } from '../gateway/kernel/errors.ts'
import type { CloudEvent } from '../gateway/kernel/event.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { createPipeline } from '../gateway/pipeline.ts'
import { kinds } from '../gateway/rules/kinds.ts'
import { createSnapshots } from '../gateway/snapshots.ts'
import { createFakeClock } from './support/fake-clock.ts'
import { createMemoryStore } from './support/memory-store.ts'
import { rulesOf } from './support/timeline.ts'

const principal = { kind: 'trusted', name: 'local', role: 'admin' } as const

async function setUp(rules = '[{ id: hot, on: { metric: t }, when: { above: 50 } }]') {
  const store = createMemoryStore()
  let at = 0
  /** By how much the wall clock was set, and of that what is followed. */
  let setMs = 0
  let followedMs = 0
  const times = () => ({ at, wallMs: 1_700_000_000_000 + at + followedMs })
  const announced: Publication[] = []
  const commands: string[] = []
  const delivered: string[] = []
  const stage = createAlarmStage({ kinds }, { state: store })
  const snapshots = createSnapshots({}, { store, stage, clock: createFakeClock(), logger: silentLogger })
  /** What is known of devices. */
  const labels: Record<string, Record<string, string>> = {}
  const settings: Record<string, Record<string, unknown>> = {}
  const ingest = createIngest({ maxSeries: 5 }, { store, labels: () => ({}), settings: (device) => settings[device] ?? {}, emit: (event) => pipeline.record(event) })
  const posted = createPostedEvents({ store })
  let rebuilt = 0
  let release: () => void = () => {}
  const gate = createGate({
    async rebuild() {
      rebuilt++
      await new Promise<void>((resolve) => { release = resolve })
      await ingest.restore(store, [])
      await snapshots.restore(stage, { kind: 'undo', times: times() })
    },
    opened: () => pipeline.again(),
    onFatal: (error) => { throw error },
    logger: silentLogger,
  })
  const pipeline = createPipeline({
    times, clockMoved: () => setMs !== followedMs, followClock: () => void (followedMs = setMs), store, ingest, stage,
    rejections: createRejections(),
    // As the broker does: seen only after the commit.
    announcements: createAnnouncements({ site: 'here' }, { announcer: { announce: (p) => store.onDisk((error) => { if (error === null) announced.push(p) }) } }),
    devices: { meet: () => false, factsOf: (device) => ({ type: null, labels: labels[device] ?? {}, settings: {} }), ids: () => Object.keys(labels), observe: () => {}, status: (_device, payload) => payload === 'online' || payload === 'offline' },
    commands: {
      request: (request) => {
        if (request.value === 'never') throw new LimenError('BAD_INPUT', 'no such value')
        commands.push(`${request.device}/${request.actuator}=${String(request.value)} by ${request.by}`)
        return { id: 'c1', seq: 1, ...request, issuedAt: '', ttlMs: 1, cause: '', status: 'issued', reason: null, tries: 0, changedAt: '' }
      },
      acknowledged: (_device, _actuator, payload) => (payload.length > 2 ? { ok: true } : { ok: false, reason: 'too short' }),
      reported: () => {},
      onTransition: (transition) => void commands.push(`transition ${transition.event}`),
    },
    delivery: { onTransition: (transition) => void delivered.push(transition.event) },
    postedBefore: (event, receivedAt) => posted.before(event, receivedAt),
    armTimers: () => {},
    gate,
    logger: silentLogger,
  })
  await snapshots.restore(stage, { kind: 'start', alive: null, times: times() })
  const resumed = pipeline.resumed({ alive: null, times: times(), version: 'test' })
  await store.commit()
  await resumed
  pipeline.replaceRules(rulesOf(rules))
  await store.commit()
  const receipts: (Receipt | Error)[] = []
  const publish = (topic: string, payload: string): void =>
    pipeline.accept({ kind: 'publish', topic, payload: Buffer.from(payload), retain: false, principal }, (error, receipt) => void receipts.push(error ?? receipt))
  const post = (event: Partial<CloudEvent>): void =>
    pipeline.accept({ kind: 'event', event: { specversion: '1.0', id: '1', source: 'app', type: 'x', time: '2026-01-01T00:00:00Z', ...event }, principal }, (error, receipt) => void receipts.push(error ?? receipt))
  const entries = async () => (await store.read({ after: 0, limit: 10_000 })).entries
  const events = async () => (await entries()).filter((e) => e.kind === 'event').map((e) => e.event)
  return { store, pipeline, ingest, settings, labels, gate, publish, post, receipts, announced, commands, delivered, events, entries, stage, rebuilt: () => rebuilt, finishRebuild: () => release(), pass: (ms: number) => { at += ms }, setClock: (byMs: number) => { setMs += byMs } }
}

describe('the pipeline', () => {
  it('acknowledges nothing and announces nothing before the commit, then everything in order', async () => {
    const { store, publish, receipts, announced, delivered, commands } = await setUp()
    publish('devices/a/t', '60')
    expect(receipts).toEqual([])
    expect(announced).toEqual([])
    expect(store.isUrgent()).toBe(true)
    await store.commit()
    expect(receipts).toEqual([{ taken: true }])
    expect(announced.map((p) => [p.topic, p.retain])).toEqual([['limen/alarms/a/hot', true], ['limen/events/limen.alarm.raised', false]])
    expect(delivered).toEqual(['raised'])
    expect(commands).toEqual(['transition raised'])
  })

  it.each([3_600_000, -3_600_000])('knows what was redelivered after the wall clock was set by %d ms', async (byMs) => {
    const { store, publish, receipts, pass, setClock } = await setUp()
    publish('devices/a/t', '{"value":60,"seq":7}')
    pass(1_000)
    setClock(byMs)
    publish('devices/a/t', '{"value":60,"seq":7}')
    pass(700_000)
    publish('devices/a/t', '{"value":60,"seq":7}')
    await store.commit()
    expect(receipts.map((r) => 'duplicate' in r)).toEqual([false, true, false])
  })

  it('clears the retained alarm when it is back to normal', async () => {
    const { store, publish, announced } = await setUp('[{ id: hot, on: { metric: t }, when: { above: 50 }, ack: auto }]')
    publish('devices/a/t', '60')
    publish('devices/a/t', '40')
    await store.commit()
    expect(announced.filter((p) => p.retain).map((p) => p.payload.length > 0)).toEqual([true, false])
  })

  it('records a shadow rule and tells nobody', async () => {
    const { store, publish, announced, delivered, events } = await setUp('[{ id: hot, on: { metric: t }, when: { above: 50 }, mode: shadow }]')
    publish('devices/a/t', '60')
    await store.commit()
    expect((await events()).map((e) => e.type)).toEqual(['limen.alarm.raised'])
    expect(announced).toEqual([])
    expect(delivered).toEqual([])
  })

  it('keeps what cannot be read as an event with its reason, acknowledges it, and takes what is good beside it', async () => {
    const { store, publish, receipts, entries, events } = await setUp()
    publish('devices/a', '{"t":1,"u":[2]}')
    publish('devices/a/t', '{"value":')
    publish('devices/a/status', 'maybe')
    publish('devices/a/lamp/ack', '{}')
    publish('events/limen.alarm.raised', '{}')
    publish('events/door', 'ajar')
    await store.commit()
    expect(receipts.map((r) => 'taken' in r && r.taken)).toEqual([false, false, false, false, false, false])
    expect((await entries()).filter((e) => e.kind === 'reading').map((e) => e.reading.metric)).toEqual(['t'])
    expect((await events()).map((e) => (e.data as { reason: string }).reason)).toEqual(['bad-value', 'not-json', 'bad-status', 'bad-ack', 'bad-event', 'not-json'])
  })

  it('refuses a series beyond the bound, and says so', async () => {
    const { store, publish, events } = await setUp()
    for (let i = 0; i < 6; i++) publish(`devices/d/m${i}`, '1')
    await store.commit()
    expect((await events()).map((e) => (e.data as { reason: string }).reason)).toEqual(['series-limit'])
  })

  it('passes ordinary topics and empty payloads by', async () => {
    const { store, publish, entries, receipts } = await setUp()
    for (const topic of ['chat/room', 'devices', 'devices//t', 'devices/a/b/c', 'devices/a/b/c/d', 'events/a/b']) publish(topic, '1')
    publish('devices/a/t', '')
    await store.commit()
    expect(receipts).toHaveLength(7)
    expect((await entries()).filter((e) => e.kind !== 'mark')).toEqual([])
  })

  it('takes a posted reading once by its source and id, and an application event as it is', async () => {
    const { store, post, entries, receipts } = await setUp()
    const reading = { type: 'limen.reading', data: { device: 'a', metric: 't', value: 7, seq: 1 } }
    post(reading)
    post(reading)
    post({ ...reading, id: '2' })
    post({ id: '3', type: 'card.swiped', data: { card: 1 } })
    await store.commit()
    expect(receipts.map((r) => 'duplicate' in r)).toEqual([false, true, true, false])
    expect((await entries()).filter((e) => e.kind !== 'mark').map((e) => e.kind)).toEqual(['reading', 'event'])
  })

  it('takes a published command as a manual one, and refuses what the commands refuse', async () => {
    const { store, publish, commands, receipts, events } = await setUp()
    publish('devices/lamp/light/set', 'red')
    publish('devices/lamp/light/set', '{"value":5,"ttlMs":100}')
    publish('devices/lamp/light/set', '{"value":null}')
    publish('devices/lamp/light/set', 'never')
    await store.commit()
    expect(commands).toEqual(['lamp/light=red by local', 'lamp/light=5 by local'])
    expect(receipts.map((r) => 'taken' in r && r.taken)).toEqual([true, true, false, false])
    expect((await events()).map((e) => e.type)).toEqual(['limen.reading.rejected'])
  })

  it('undoes what a failed commit held, takes nothing in while it rebuilds, and takes the resend as new', async () => {
    const { store, pipeline, gate, publish, receipts, announced, events, stage, rebuilt, finishRebuild } = await setUp()
    publish('devices/a/t', '{"value":60,"seq":1}')
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    gate.lost(new Error('disk full'))
    gate.lost(new Error('disk full'))
    publish('devices/a/t', '{"value":60,"seq":1}')
    expect(receipts.map((r) => r instanceof Error)).toEqual([true, true])
    expect(gate.isOpen()).toBe(false)
    pipeline.condition({ rule: 'technical.disk', active: true, message: 'full' })
    finishRebuild()
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(rebuilt()).toBe(1)
    expect(announced).toEqual([])
    expect(stage.list().map((a) => a.rule)).not.toContain('hot')
    publish('devices/a/t', '{"value":60,"seq":1}')
    await store.commit()
    expect(receipts.at(-1)).toEqual({ taken: true })
    expect((await events()).map((e) => `${e.type} ${(e.data as { rule: string }).rule}`)).toEqual(['limen.alarm.raised technical.disk', 'limen.alarm.raised hot'])
  })

  it('gives each refusal of an operator an id of its own, though the alarm stays as it is', async () => {
    const { store, pipeline, publish, events, receipts } = await setUp()
    publish('devices/a/t', '60')
    for (let i = 0; i < 2; i++) pipeline.accept({ kind: 'action', action: { verb: 'reset', rule: 'hot', key: 'a', by: 'ann' }, principal }, (error, receipt) => void receipts.push(error ?? receipt))
    await store.commit()
    const all = await events()
    expect(all.map((e) => e.type)).toEqual(['limen.alarm.raised', 'limen.alarm.rejected', 'limen.alarm.rejected'])
    expect(new Set(all.map((e) => e.id)).size).toBe(3)
    expect(new Set(all.map((e) => (e.data as { idempotencyKey: string }).idempotencyKey)).size).toBe(1)
  })

  it('runs the rules that were swapped while state was rebuilt', async () => {
    const { store, pipeline, gate, publish, finishRebuild, events } = await setUp()
    gate.lost(new Error('disk full'))
    pipeline.replaceRules(rulesOf('[{ id: older, on: { metric: t }, when: { above: 1 } }]'))
    pipeline.replaceRules(rulesOf('[{ id: newer, on: { metric: t }, when: { above: 50 } }]'))
    finishRebuild()
    await new Promise((resolve) => setTimeout(resolve, 0))
    publish('devices/a/t', '60')
    await store.commit()
    expect((await events()).map((e) => (e.data as { rule: string }).rule)).toEqual(['newer'])
  })

  it('gives the stage again what was lost with the batch that told of it: rules, and what is known of devices', async () => {
    const { store, pipeline, labels, gate, stage, publish, finishRebuild, events, entries } = await setUp()
    pipeline.replaceRules(rulesOf('[{ id: ward, on: { metric: t, label: { ward: east } }, when: { above: 50 } }]'))
    labels['a'] = { ward: 'east' }
    pipeline.deviceChanged('a')
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    gate.lost(new Error('disk full'))
    expect(stage.rules().map(({ id }) => id)).toEqual(['ward'])
    finishRebuild()
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect([stage.rules().map(({ id }) => id), stage.factsOf('a')?.labels]).toEqual([['ward'], { ward: 'east' }])
    publish('devices/a/t', '60')
    await store.commit()
    expect((await events()).map((e) => (e.data as { rule: string }).rule)).toEqual(['ward'])
    expect((await entries()).flatMap((e) => (e.kind === 'mark' ? [e.mark['kind']] : []))).toEqual(['start', 'rules', 'rules', 'device'])
  })

  it('says that it could not begin, where the start itself cannot be stored', async () => {
    const { store, pipeline } = await setUp()
    const resumed = pipeline.resumed({ alive: null, times: { at: 1, wallMs: 1 }, version: 'test' })
    store.failNextCommit(new Error('disk full'))
    await store.commit()
    await expect(resumed).rejects.toThrow('disk full')
  })

  it('sends back what comes when nothing can be stored any more', async () => {
    const { publish, receipts, gate } = await setUp()
    gate.lost(new Error('disk full'))
    publish('devices/a/t', '60')
    publish('chat/room', 'hello')
    expect(receipts).toMatchObject([{ code: 'STORE_FAILED' }, { code: 'STORE_FAILED' }])
  })
})
