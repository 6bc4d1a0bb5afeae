import { describe, expect, it } from 'vitest'
import { digest } from '../../gateway/kernel/hash.ts'
import { eventOf, makeRule, makeTransition, notify } from '../support/transitions.ts'
import { openDesk, scriptedTarget } from './desk.ts'

const retry = (reason = 'HTTP 503') => ({ kind: 'retry', reason }) as const

describe('a notification', () => {
  it('is sent once the batch is on disk, and never when it could not be stored', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    expect(lamp.calls).toEqual([])
    await desk.clock.advance(0)
    expect(desk.sent('lamp')).toEqual(['raised a1'])

    desk.store.failNextCommit(new Error('disk'))
    desk.happen('raised', { alarm: { id: 'a2' } })
    await desk.clock.advance(0)
    await desk.delivery.restore(desk.store)
    await desk.clock.advance(60_000)
    expect(desk.sent('lamp')).toEqual(['raised a1'])
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 1, delivered: 1, queued: 0, deadLettered: 0, dropped: {} })
  })

  it('books no outcome between a failed commit and the restore: its books would be those of before', async () => {
    let answer: (outcome: { kind: 'accepted' }) => void = () => {}
    const lamp = scriptedTarget(() => new Promise((resolve) => { answer = resolve }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    // Undone with its batch, and the outcome of the one before comes before the restore.
    desk.store.failNextCommit(new Error('disk'))
    desk.happen('raised', { alarm: { id: 'a2' } })
    await desk.clock.advance(0)
    desk.delivery.suspend()
    const before = await desk.store.list('ledger')
    answer({ kind: 'accepted' })
    await desk.clock.advance(10)
    expect(await desk.store.list('ledger')).toEqual(before)
    expect(() => desk.delivery.deposit({ target: 'lamp', event: eventOf(makeTransition('raised')), idempotencyKey: 'k', cause: 'c', answer: 'a' })).toThrow(expect.objectContaining({ code: 'STORE_FAILED' }) as Error)
    await desk.delivery.restore(desk.store)
    await desk.clock.advance(10)
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 1, delivered: 1, queued: 0, deadLettered: 0, dropped: {} })
  })

  it('carries an idempotency key of alarm, occurrence, sequence and target', async () => {
    const [lamp, phone] = [scriptedTarget(), scriptedTarget()]
    const desk = await openDesk({ targets: { lamp, phone } })
    desk.happen('raised', { alarm: { occurrence: 3, seq: 17 } })
    await desk.clock.advance(0)
    expect(lamp.calls[0]!.idempotencyKey).toBe(digest('a1', 3, 17, 'lamp'))
    expect(phone.calls[0]!.idempotencyKey).toBe(digest('a1', 3, 17, 'phone'))
  })

  it('is given on raised, reraised and a level up, and not on a level down, an acknowledgement or a return', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    let seq = 0
    for (const [event, levelUp] of [['raised', false], ['level-changed', true], ['level-changed', false], ['acked', false], ['returned', false], ['reraised', false]] as const) {
      desk.happen(event, { levelUp, alarm: { seq: ++seq } })
      await desk.clock.advance(0)
    }
    expect(desk.sent('lamp')).toEqual(['raised a1', 'level-changed a1', 'reraised a1'])
  })

  it('is not given by a shadow rule, nor while an overlay keeps the alarm silent', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised', { rule: makeRule({ mode: 'shadow', then: [notify('lamp')] }) })
    desk.happen('tracked', { alarm: { overlays: ['shelved'] } })
    desk.happen('level-changed', { levelUp: true, alarm: { overlays: ['shelved'] } })
    await desk.clock.advance(0)
    expect(lamp.calls).toEqual([])
    expect(desk.delivery.ledger()['lamp']!.received).toBe(0)
  })

  it('to a target that is not configured is counted as dropped', async () => {
    const desk = await openDesk({ targets: {} })
    desk.happen('raised', {}, ['gone'])
    await desk.clock.advance(0)
    expect(desk.delivery.ledger()).toEqual({ gone: { received: 1, delivered: 0, queued: 0, deadLettered: 0, dropped: { 'no-such-target': 1 } } })
  })
})

describe('a clear', () => {
  it('follows what was sent', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { seq: 2 } })
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { seq: 3 } })
    await desk.clock.advance(0)
    expect(desk.sent('lamp')).toEqual(['raised a1', 'cleared a1'])
  })

  it('follows after a restart too, and also when the rule was removed', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    desk.happen('raised', { alarm: { id: 'a2' } })
    await desk.clock.advance(0)
    const again = await openDesk({ targets: { lamp }, store: desk.store.crash(), clock: desk.clock })
    again.happen('cleared', { rule: makeRule({ then: [] }), alarm: { seq: 2 } })
    again.happen('retired', { rule: makeRule({ then: [] }), alarm: { id: 'a2', seq: 2 } })
    await desk.clock.advance(0)
    expect(again.sent('lamp').slice(2)).toEqual(['cleared a1', 'retired a2'])
  })

  it('is left out with resolved: false', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    const rule = makeRule({ then: [notify('lamp', false)] })
    for (const [event, seq] of [['raised', 1], ['cleared', 2]] as const) {
      desk.happen(event, { rule, alarm: { seq } })
      await desk.clock.advance(0)
    }
    expect(desk.sent('lamp')).toEqual(['raised a1'])
  })

  it('cancels a raise that was not yet attempted and is then not sent itself', async () => {
    const lamp = scriptedTarget(() => new Promise(() => {}))
    const desk = await openDesk({ targets: { lamp } })
    for (const id of ['b1', 'b2', 'b3', 'b4', 'a1']) desk.happen('raised', { alarm: { id } })
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { id: 'a1', seq: 2 } })
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(200_000)
    expect(desk.sent('lamp').filter((call) => call.endsWith('a1'))).toEqual([])
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 5, delivered: 4, queued: 0, deadLettered: 0, dropped: { superseded: 1 } })
  })

  it('waits behind a raise that was attempted, in the order of the alarm', async () => {
    const lamp = scriptedTarget(() => retry())
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { seq: 2 } })
    await desk.clock.advance(100)
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(60_000)
    expect(desk.sent('lamp')).toEqual(['raised a1', 'raised a1', 'cleared a1'])
    expect(lamp.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 1])
  })

  it('goes where the raise was attempted only', async () => {
    const [lamp, phone] = [scriptedTarget(), scriptedTarget(() => new Promise(() => {}))]
    const desk = await openDesk({ targets: { lamp, phone } })
    for (const id of ['b1', 'b2', 'b3', 'b4']) desk.happen('raised', { alarm: { id } }, ['phone'])
    desk.happen('raised')
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { seq: 2 } })
    await desk.clock.advance(0)
    expect(desk.sent('lamp')).toEqual(['raised a1', 'cleared a1'])
    expect(desk.delivery.ledger()['phone']!.dropped).toEqual({ superseded: 1 })
  })

  it('of an alarm that went back to normal in silence is told when the overlay ends', async () => {
    const lamp = scriptedTarget()
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    desk.happen('tracked', { alarm: { seq: 2, state: 'normal', overlays: ['shelved'] } })
    await desk.clock.advance(0)
    expect(desk.sent('lamp')).toEqual(['raised a1'])
    desk.happen('unshelved', { alarm: { seq: 3, state: 'normal' } })
    await desk.clock.advance(0)
    expect(desk.sent('lamp')).toEqual(['raised a1', 'unshelved a1'])
  })
})

describe('the runner', () => {
  it('keeps the order of an alarm, never calls concurrently for it, and runs four calls at a time', async () => {
    const lamp = scriptedTarget(() => new Promise((resolve) => { setImmediate(() => resolve({ kind: 'accepted' })) }))
    const desk = await openDesk({ targets: { lamp } })
    for (let seq = 1; seq <= 5; seq++) for (let alarm = 0; alarm < 10; alarm++) desk.happen('raised', { alarm: { id: `a${alarm}`, seq } })
    await desk.clock.advance(0)
    for (let i = 0; i < 100 && lamp.calls.length < 50; i++) await desk.clock.advance(0)
    expect(lamp.overlaps).toEqual([])
    expect(lamp.load.most).toBe(4)
    for (let alarm = 0; alarm < 10; alarm++) {
      const seqs = lamp.calls.filter(({ orderKey }) => orderKey === `a${alarm}`).map(({ event }) => (event.data as { seq: number }).seq)
      expect(seqs).toEqual([1, 2, 3, 4, 5])
    }
  })

  it('lets a target that hangs hold up no other', async () => {
    const [dead, lamp] = [scriptedTarget(() => new Promise(() => {})), scriptedTarget()]
    const desk = await openDesk({ targets: { dead, lamp } })
    for (let i = 0; i < 20; i++) desk.happen('raised', { alarm: { id: `a${i}` } })
    await desk.clock.advance(0)
    expect(lamp.calls).toHaveLength(20)
    expect(dead.calls).toHaveLength(4)
  })

  it('aborts a call that takes longer than its time, and tries again', async () => {
    const aborted: string[] = []
    const lamp = scriptedTarget((_, signal) => new Promise((resolve) => {
      signal.addEventListener('abort', () => { aborted.push(String(signal.reason)); resolve(retry('aborted')) })
    }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(9_999)
    expect(aborted).toEqual([])
    await desk.clock.advance(1)
    expect(aborted).toEqual(['Error: no answer within 10000 ms'])
    await desk.clock.advance(60_000)
    expect(lamp.calls.length).toBeGreaterThan(1)
  })

  it('gives up waiting for a call that does not even end when aborted', async () => {
    const lamp = scriptedTarget(() => new Promise(() => {}))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(12_000)
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(60_000)
    expect(desk.delivery.ledger()['lamp']!.delivered).toBe(1)
  })

  it('tries again after random(0, min(60 s, 1 s · 2ⁿ))', async () => {
    const times: number[] = []
    const lamp = scriptedTarget(() => { times.push(desk.clock.monotonic()); return retry() })
    const desk = await openDesk({ targets: { lamp }, random: () => 0.999 })
    desk.happen('raised')
    await desk.clock.advance(200_000)
    const gaps = times.slice(1).map((time, i) => Math.round((time - times[i]!) / 999))
    expect(gaps).toEqual([1, 2, 4, 8, 16, 32, 60, 60])
  })

  it('waits with everything for a target that says when to come back', async () => {
    const lamp = scriptedTarget(() => ({ kind: 'retry', reason: 'HTTP 429', afterMs: 30_000 }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    desk.happen('raised', { alarm: { id: 'a2' } })
    await desk.clock.advance(29_999)
    expect(lamp.calls).toHaveLength(1)
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(1)
    expect(desk.sent('lamp')).toEqual(['raised a1', 'raised a2', 'raised a1'])
  })

  it('sends high priority first when a target is back', async () => {
    const lamp = scriptedTarget(() => ({ kind: 'retry', reason: 'HTTP 503', afterMs: 5_000 }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised', { alarm: { id: 'x' } })
    await desk.clock.advance(0)
    for (const [id, priority] of [['l', 'low'], ['m', 'medium'], ['h', 'high']] as const) desk.happen('raised', { alarm: { id, priority } })
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(5_000)
    expect(desk.sent('lamp').slice(1)).toEqual(['raised h', 'raised m', 'raised x', 'raised l'])
  })

  it('does not hammer a target that is down, and goes on at full speed when it is back', async () => {
    const lamp = scriptedTarget(() => retry('connect ECONNREFUSED'))
    const desk = await openDesk({ targets: { lamp } })
    for (let i = 0; i < 300; i++) desk.happen('raised', { alarm: { id: `a${i}` } })
    await desk.clock.advance(1_000)
    expect(lamp.calls.length).toBeGreaterThanOrEqual(300)
    const before = lamp.calls.length
    await desk.clock.advance(30_000)
    expect(lamp.calls.length - before).toBeLessThanOrEqual(31)
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(61_000)
    expect(desk.delivery.ledger()['lamp']!.delivered).toBe(300)
  })

  it('ends calls under way when it stops, and sends what is left after the next start', async () => {
    let aborted = 0
    const lamp = scriptedTarget((_, signal) => new Promise((resolve) => {
      signal.addEventListener('abort', () => { aborted++; resolve(retry('stopping')) })
    }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    const stopped = desk.delivery.stop()
    await desk.clock.advance(2_000)
    await stopped
    expect(aborted).toBe(1)
    const next = scriptedTarget()
    const again = await openDesk({ targets: { lamp: next }, store: desk.store.crash(), clock: desk.clock })
    await desk.clock.advance(60_000)
    expect(next.calls.map(({ attempt, idempotencyKey }) => [attempt, idempotencyKey])).toEqual([[2, digest('a1', 1, 1, 'lamp')]])
    expect(again.delivery.ledger()['lamp']!.delivered).toBe(1)
  })

  it('drops the oldest of low priority when the outbox of a target is full, and counts it', async () => {
    const lamp = scriptedTarget(() => new Promise(() => {}))
    const desk = await openDesk({ targets: { lamp }, options: { outboxLimit: 6 } })
    for (let i = 0; i < 4; i++) desk.happen('raised', { alarm: { id: `busy${i}` } })
    await desk.clock.advance(0)
    desk.happen('raised', { alarm: { id: 'low1', priority: 'low' } })
    desk.happen('raised', { alarm: { id: 'low2', priority: 'low' } })
    desk.happen('raised', { alarm: { id: 'high1', priority: 'high' } })
    desk.happen('raised', { alarm: { id: 'high2', priority: 'high' } })
    await desk.clock.advance(0)
    expect([...desk.delivery.queues()]).toMatchObject([{ id: 'delivery lamp', share: 1, dropped: 2 }])
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(200_000)
    expect([...desk.delivery.queues()]).toMatchObject([{ share: 0, dropped: 2 }])
    expect(desk.sent('lamp').filter((call) => /low|high/.test(call))).toEqual(['raised high1', 'raised high2'])
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 8, delivered: 6, queued: 0, deadLettered: 0, dropped: { overflow: 2 } })
  })

  it('reads bodies back from disk when more waits than it keeps in memory', async () => {
    const lamp = scriptedTarget(() => ({ kind: 'retry', reason: 'HTTP 503', afterMs: 1_000 }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised', { alarm: { id: 'x' } })
    await desk.clock.advance(0)
    for (let i = 0; i < 1_000; i++) desk.happen('raised', { alarm: { id: `a${i}`, value: i } })
    lamp.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(1_000)
    for (let i = 0; i < 2_000 && lamp.calls.length < 1_002; i++) await desk.clock.advance(1)
    const values = lamp.calls.slice(1).map(({ event }) => (event.data as { value: number }).value).sort((a, b) => a - b)
    expect(values).toEqual([...Array.from({ length: 1_000 }, (_, i) => i), 81].sort((a, b) => a - b))
  })

  it('counts what it does for the metrics page', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget() } })
    desk.happen('raised')
    await desk.clock.advance(0)
    const samples = new Map([...desk.delivery.metrics()].map(({ name, value }) => [name, value]))
    expect(samples.get('limen_delivery_delivered_total')).toBe(1)
    expect(samples.get('limen_delivery_attempts_total')).toBe(1)
  })

  it('takes the transition of its own technical alarm while it writes an outcome', async () => {
    const lamp = scriptedTarget(() => ({ kind: 'refused', reason: 'HTTP 410' }))
    const desk = await openDesk({ targets: { lamp } })
    const own = makeTransition('raised', { rule: makeRule({ id: 'technical.dead-letters', then: [notify('lamp')] }), alarm: { id: 'own' } })
    desk.conditions.push = (...conditions) => {
      if (conditions[0]!.active) desk.delivery.onTransition(own, eventOf(own))
      return 0
    }
    desk.happen('raised')
    await desk.clock.advance(10)
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 2, delivered: 0, queued: 0, deadLettered: 2, dropped: {} })
  })
})
