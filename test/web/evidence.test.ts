import { describe, expect, it } from 'vitest'
import type { Alarm } from '../../gateway/kernel/alarm.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { RuleRevision, ShownRule } from '../../gateway/kernel/rule-desk.ts'
import type { SqliteStore } from '../../gateway/store/store.ts'
import { createEvidence } from '../../gateway/web/evidence.ts'
import { maxReadings } from '../../gateway/web/evidence-readings.ts'
import { putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import type { JournalLine } from '../support/alarm-journal.ts'
import { journalEvent, journalStartMs } from '../support/alarm-journal.ts'
import { anAlarm, aRule, createAlarmBoard, createDeliveryShelf } from '../support/desks.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { observeRoutes } from '../support/observed-routes.ts'
import { tempDir } from '../support/temp-dir.ts'
import { webScene } from '../support/web-scene.ts'
import { openStore } from '../store/open-store.ts'

const id = 'hr-high.bed-1'
const iso = (s: number): string => new Date(journalStartMs + s * 1_000).toISOString()
const hr = seriesOf(1, 'bed-1', 'heart_rate')
const spo2 = seriesOf(2, 'bed-1', 'spo2')
const elsewhere = seriesOf(3, 'bed-2', 'heart_rate')

const sent = (s: number, of: { eventS: number; alarm?: string }): CloudEvent => ({
  specversion: '1.0', id: `sent ${s}`, type: 'limen.delivery.delivered', source: 'test', subject: 'bed-1', time: iso(s),
  data: { target: 'nurse-call', alarm: of.alarm ?? id, event: 'limen.alarm.raised', eventTime: iso(of.eventS), attempts: 1 },
})
const command = (s: number, of: { status: string; issuedS: number; cause?: string }): CloudEvent => ({
  specversion: '1.0', id: `command ${s}`, type: `limen.command.${of.status}`, source: 'test', subject: 'lamp', time: iso(s), data: { id: `c${of.issuedS}`, cause: of.cause ?? id, issuedAt: iso(of.issuedS), status: of.status },
})

/** Two occurrences of one alarm, a minute apart, each sent and with a lamp; other alarms and readings between them. */
const story: readonly CloudEvent[] = [
  ...of1({ s: 600, event: 'raised', ruleVersion: 'v1' }), command(600, { status: 'issued', issuedS: 600 }), sent(601, { eventS: 600 }),
  ...of1({ s: 610, event: 'acked', from: 'unacked', state: 'acked', by: 'ada', note: 'on my way', raisedAt: iso(600) }),
  ...of1({ s: 620, event: 'commented', from: 'acked', state: 'acked', by: 'ada', note: 'probe was loose', raisedAt: iso(600), acknowledgedAt: iso(610), acknowledgedBy: 'ada' }),
  journalEvent({ s: 625, event: 'raised', key: 'bed-2', device: 'bed-2' }), sent(626, { eventS: 625, alarm: 'hr-high.bed-2' }),
  ...of1({ s: 630, event: 'cleared', from: 'acked', state: 'normal', active: false, raisedAt: iso(600), value: 99 }), command(630, { status: 'issued', issuedS: 630 }),
  ...of2({ s: 700, event: 'raised', ruleVersion: 'v2' }), command(700, { status: 'issued', issuedS: 700 }),
  sent(701, { eventS: 630 }), sent(702, { eventS: 700 }), command(702, { status: 'done', issuedS: 630 }), command(703, { status: 'done', issuedS: 700 }), command(704, { status: 'issued', issuedS: 704, cause: 'manual:ada' }),
]
function of1(line: JournalLine): CloudEvent[] { return [journalEvent({ occurrence: 1, ...line })] }
function of2(line: JournalLine): CloudEvent[] { return [journalEvent({ occurrence: 2, raisedAt: iso(700), ...line })] }

async function fill(store: SqliteStore, events: readonly CloudEvent[] = story): Promise<void> {
  for (const series of [hr, spo2, elsewhere]) putSeries(store, series)
  for (let s = 0; s < 1_500; s += 10) {
    const ts = journalStartMs + s * 1_000
    store.appendReading(readingOf(hr, s, { ts, receivedAt: ts, unit: '/min' }), 10)
    if (s % 100 === 0) for (const series of [spo2, elsewhere]) store.appendReading(readingOf(series, s === 300 ? NaN : s, { ts, receivedAt: ts, quality: s === 300 ? 'bad' : 'good' }), 10)
    for (const event of events) if (Date.parse(event.time) >= ts && Date.parse(event.time) < ts + 10_000) store.appendEvent(event)
    if (s % 50 === 0) await stored(store)
  }
  await stored(store)
}

function revisionOf(kept: { revision: number; text: string } | undefined): RuleRevision | undefined {
  return kept === undefined ? undefined : { ...kept, rule: null, version: null, conditionVersion: null, action: 'put', origin: 'http', by: 'ada', at: iso(0) }
}

async function desk(of: { alarm?: Partial<Alarm>; kept?: Readonly<Record<string, { revision: number; text: string }>>; events?: readonly CloudEvent[]; wallS?: number } = {}) {
  const clock = createFakeClock({ wallMs: journalStartMs + (of.wallS ?? 1_500) * 1_000, monotonicMs: 0 })
  const store = await openStore({ directory: tempDir() })
  await fill(store, of.events)
  const running: ShownRule = { ...aRule('hr-high'), version: 'v2', text: 'id: hr-high\nwhen: { above: 130 }\n', state: 'live', fault: null, origin: 'file', revision: 2, changedBy: 'file:rules/a.yaml', changedAt: iso(0) }
  const board = createAlarmBoard([anAlarm({ id, occurrence: 2, raisedAt: iso(700), ...of.alarm })])
  const gather = createEvidence({ store, clock, alarms: board, rules: { get: (rule) => (rule === 'hr-high' ? running : undefined), ofVersion: async (rule, version) => revisionOf(of.kept?.[`${rule} ${version}`]) }, delivery: createDeliveryShelf() })
  return (query: Partial<Parameters<typeof gather>[0]> = {}) => gather({ id, occurrence: undefined, beforeMs: 600_000, afterMs: 600_000, ...query })
}

const typesOf = (events: readonly CloudEvent[]) => events.map(({ type, time }) => `${type.replace('limen.', '')} ${(Date.parse(time) - journalStartMs) / 1_000}`)

describe('the evidence of an alarm', () => {
  it('of the latest occurrence is what it was raised on, what happened, who was told, what was commanded', async () => {
    const evidence = await (await desk())()
    expect(evidence).toMatchObject({
      alarm: { id, occurrence: 2, active: true }, occurrence: 2, raisedAt: iso(700), endedAt: null,
      acknowledgements: [], comments: [], truncated: { journal: false, readings: false },
    })
    expect(typesOf(evidence.transitions)).toEqual(['alarm.raised 700'])
    expect(typesOf(evidence.deliveries)).toEqual(['delivery.delivered 702'])
    expect(typesOf(evidence.commands)).toEqual(['command.issued 700', 'command.done 703'])
    expect(evidence.transitions[0]).toMatchObject({ limenposition: expect.any(Number), data: { event: 'raised', occurrence: 2 } })
    // From ten minutes before it was raised until now: its own metric first, the device's others after it, of no other device.
    expect(evidence.readings.map(({ device, metric, unit, from, to, items }) => [device, metric, unit, from, to, items[0]!.value, items.at(-1)!.value, items.length])).toEqual([
      ['bed-1', 'heart_rate', '/min', iso(100), iso(1_500.001), 100, 1_490, 140],
      ['bed-1', 'spo2', null, iso(100), iso(1_500.001), 100, 1_400, 14],
    ])
    expect(evidence.readings[1]!.items[2]).toEqual({ ts: journalStartMs + 300_000, value: NaN, quality: 'bad', receivedAt: journalStartMs + 300_000 })
  })

  it('of an earlier occurrence ends with it, and has its acknowledgements and comments', async () => {
    const evidence = await (await desk())({ occurrence: 1, beforeMs: 60_000, afterMs: 30_000 })
    expect(evidence).toMatchObject({
      alarm: { id, occurrence: 1, active: false, state: 'normal', value: 99 }, occurrence: 1, raisedAt: iso(600), endedAt: iso(630), waiting: [],
      acknowledgements: [{ at: iso(610), by: 'ada', note: 'on my way', occurrence: 1 }], comments: [{ at: iso(620), by: 'ada', note: 'probe was loose' }],
    })
    expect(Object.keys(evidence.alarm).sort()).toEqual(Object.keys(anAlarm()).sort())
    expect(typesOf(evidence.transitions)).toEqual(['alarm.raised 600', 'alarm.acked 610', 'alarm.commented 620', 'alarm.cleared 630'])
    // What was sent late is of the occurrence it tells of.
    expect(typesOf(evidence.deliveries)).toEqual(['delivery.delivered 601', 'delivery.delivered 701'])
    expect(typesOf(evidence.commands)).toEqual(['command.issued 600', 'command.issued 630', 'command.done 702'])
    expect(evidence.readings[0]).toMatchObject({ metric: 'heart_rate', from: iso(540), to: iso(660) })
    expect(evidence.readings[0]!.items.map(({ value }) => value)).toEqual([540, 550, 560, 570, 580, 590, 600, 610, 620, 630, 640, 650])
  })

  it('has the rule as it was when it was raised', async () => {
    const ask = await desk({ kept: { 'hr-high v1': { revision: 1, text: 'id: hr-high' } } })
    expect((await ask({ occurrence: 1 })).rule).toEqual({ id: 'hr-high', version: 'v1', revision: 1, text: 'id: hr-high' })
    // Not kept, but it still runs.
    expect((await ask()).rule).toMatchObject({ version: 'v2', revision: null, text: expect.stringContaining('above: 130') })
    expect((await (await desk())({ occurrence: 1 })).rule).toEqual({ id: 'hr-high', version: 'v1', revision: null, text: null })
  })

  it('says where the journal is from before it told the version, that the rule is the one of now', async () => {
    const old = story.map((event) => ({ ...event, data: Object.fromEntries(Object.entries(event.data as object).filter(([name]) => name !== 'ruleVersion')) }))
    expect((await (await desk({ events: old }))()).rule).toMatchObject({ version: 'v2', revision: null, text: expect.stringContaining('hr-high'), assumed: true })
  })

  it('counts an acknowledgement under an overlay', async () => {
    const events = [...of2({ s: 700, event: 'raised' }), ...of2({ s: 710, event: 'shelved', from: 'unacked', overlays: ['shelved'], by: 'bob', note: 'known' }), ...of2({ s: 720, event: 'tracked', from: 'unacked', state: 'acked', overlays: ['shelved'], by: 'bob' }), ...of2({ s: 730, event: 'tracked', from: 'acked', state: 'normal', active: false, overlays: ['shelved'] })]
    const evidence = await (await desk({ events, alarm: { state: 'normal', active: false, overlays: ['shelved'] } }))()
    expect(evidence.acknowledgements).toEqual([{ at: iso(720), by: 'bob', note: null, occurrence: 2 }])
    expect(evidence.endedAt).toBe(iso(730))
    expect(evidence.readings[0]!.to).toBe(iso(1_330))
  })

  it('says so where the journal no longer goes back to its begin', async () => {
    const evidence = await (await desk({ events: of2({ s: 800, event: 'acked', from: 'unacked', state: 'acked', by: 'ada' }) }))()
    expect(evidence).toMatchObject({ truncated: { journal: true }, acknowledgements: [{ by: 'ada' }], raisedAt: iso(700) })
  })

  it('of an alarm without a device has no readings; of one never raised neither', async () => {
    expect((await (await desk({ alarm: { device: null } }))()).readings).toEqual([])
    expect(await (await desk({ alarm: { occurrence: 0, raisedAt: null, active: false, state: 'normal' }, events: [] }))()).toMatchObject({ readings: [], transitions: [], endedAt: null, truncated: { journal: false } })
  })

  it('is put together twice at once at most', async () => {
    const ask = await desk()
    const many = await Promise.allSettled([ask(), ask(), ask()])
    expect(many.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    expect(many[2]).toMatchObject({ reason: { code: 'OVERLOADED' } })
    expect(await ask()).toMatchObject({ occurrence: 2 })
  })

  it('has of too many readings the first and the last, and says so', async () => {
    const clock = createFakeClock({ wallMs: journalStartMs + 20_000_000, monotonicMs: 0 })
    const store = await openStore({ directory: tempDir() })
    putSeries(store, hr)
    for (let s = 0; s < 15_000; s++) store.appendReading(readingOf(hr, s, { ts: journalStartMs + s * 1_000 }), 10)
    await stored(store)
    const gather = createEvidence({ store, clock, alarms: createAlarmBoard([anAlarm({ id, raisedAt: iso(0) })]), rules: { get: () => undefined, ofVersion: async () => undefined }, delivery: createDeliveryShelf() })
    const { readings, truncated } = await gather({ id, occurrence: undefined, beforeMs: 1, afterMs: 1 })
    const values = readings[0]!.items.map(({ value }) => value)
    expect(truncated.readings).toBe(true)
    expect([values.length, values[0], values[maxReadings / 2 - 1], values[maxReadings / 2], values.at(-1)]).toEqual([maxReadings, 0, 4_999, 10_000, 14_999])
  })
})

describe('GET alarms/{id}/evidence', () => {
  const observed = observeRoutes()

  it('answers with the document, 404 for what is not there, 400 for what cannot be meant', async () => {
    const { call, append, clock } = webScene({}, observed)
    await append(journalEvent({ s: 0, event: 'raised' }))
    await clock.advance(60_000)
    const ask = async (query: string) => (await call({ url: `/api/v1/alarms/${query}` })).json<Record<string, unknown>>()
    expect(await ask(`${id}/evidence?before=5min&after=1h`)).toMatchObject({ alarm: { id }, occurrence: 1, readings: [], transitions: [{ type: 'limen.alarm.raised' }], waiting: [{ target: 'hook' }], rule: { id: 'hr-high', version: 'v1', text: null } })
    expect(await ask(`${id}/evidence?occurrence=1`)).toMatchObject({ occurrence: 1 })
    expect(await ask('nobody/evidence')).toMatchObject({ status: 404 })
    expect(await ask(`${id}/evidence?occurrence=2`)).toMatchObject({ status: 404, detail: expect.stringContaining('the latest is 1') })
    expect(await ask(`${id}/evidence?before=long`)).toMatchObject({ status: 400, errors: [{ member: 'before' }] })
    expect(await ask(`${id}/evidence?after=8d`)).toMatchObject({ status: 400, errors: [{ member: 'after' }] })
    expect(await ask(`${id}/evidence?occurrence=x`)).toMatchObject({ status: 400, errors: [{ member: 'occurrence' }] })
  })

  it('answered nothing that is not documented', async () => {
    observed.checkAgainst((await webScene().call({ url: '/api/v1/openapi.json' })).json())
  })
})
