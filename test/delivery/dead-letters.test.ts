import { describe, expect, it } from 'vitest'
import type { Desk } from './desk.ts'
import { openDesk, scriptedTarget } from './desk.ts'

const refused = () => ({ kind: 'refused', reason: 'HTTP 404: no such hook' }) as const
const retry = () => ({ kind: 'retry', reason: 'connect ECONNREFUSED' }) as const

describe('a dead letter', () => {
  it('holds the event, the target, the attempts with times and answers, and the cause', async () => {
    const answers = [retry(), retry(), refused()]
    const lamp = scriptedTarget(() => answers.shift()!)
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(10_000)
    const [letter, ...others] = await desk.delivery.deadLetters({ limit: 10 })
    expect(others).toEqual([])
    expect(letter).toEqual({
      id: '0000000001', target: 'lamp', cause: 'HTTP 404: no such hook', event: lamp.calls[0]!.event, idempotencyKey: lamp.calls[0]!.idempotencyKey,
      createdAt: '2026-01-01T00:00:00.000Z', failedAt: '2026-01-01T00:00:01.500Z',
      attempts: [
        { at: '2026-01-01T00:00:00.000Z', answer: 'connect ECONNREFUSED' },
        { at: '2026-01-01T00:00:00.500Z', answer: 'connect ECONNREFUSED' },
        { at: '2026-01-01T00:00:01.500Z', answer: 'HTTP 404: no such hook' },
      ],
    })
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 1, delivered: 0, queued: 0, deadLettered: 1, dropped: {} })
  })

  it.each([['high', 15 * 60_000], ['medium', 24 * 3_600_000], ['low', 24 * 3_600_000]] as const)('is made of a %s one that could not be delivered in its time', async (priority, lifetimeMs) => {
    const lamp = scriptedTarget(retry)
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised', { alarm: { priority } })
    await desk.clock.advance(lifetimeMs - 1)
    expect(await desk.delivery.deadLetters({ limit: 10 })).toEqual([])
    await desk.clock.advance(1)
    const [letter] = await desk.delivery.deadLetters({ limit: 10 })
    expect(letter).toMatchObject({ cause: 'expired', target: 'lamp' })
    expect(letter!.attempts).toHaveLength(20)
    expect(letter!.attempts.at(-1)!.at > letter!.attempts[0]!.at).toBe(true)
  })

  it('is made at its time also of one that waits behind another or while the gateway was down', async () => {
    const lamp = scriptedTarget(() => ({ kind: 'retry', reason: 'HTTP 503', afterMs: 3_600_000 }))
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised', { alarm: { priority: 'high' } })
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { priority: 'high', seq: 2 } })
    desk.happen('raised', { alarm: { id: 'a2', priority: 'high' } })
    await desk.clock.advance(15 * 60_000)
    expect((await desk.delivery.deadLetters({ limit: 10 })).map(({ cause }) => cause)).toEqual(['expired', 'expired', 'expired'])

    desk.happen('raised', { alarm: { id: 'a3', priority: 'high' } })
    await desk.clock.advance(0)
    const store = desk.store.crash()
    await desk.clock.advance(16 * 60_000)
    const again = await openDesk({ targets: { lamp: scriptedTarget() }, store, clock: desk.clock })
    await again.clock.advance(0)
    expect((await again.delivery.deadLetters({ limit: 10 })).map(({ event }) => (event.data as { id: string }).id)).toEqual(['a1', 'a1', 'a2', 'a3'])
  })

  it('keeps counting attempts over a restart', async () => {
    const lamp = scriptedTarget(retry)
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(2_000)
    const before = lamp.calls.length
    const next = scriptedTarget(refused)
    const again = await openDesk({ targets: { lamp: next }, store: desk.store.crash(), clock: desk.clock })
    await again.clock.advance(60_000)
    expect(next.calls[0]!.attempt).toBe(before + 1)
    expect((await again.delivery.deadLetters({ limit: 1 }))[0]!.attempts).toHaveLength(before + 1)
  })

  it('is sent again to its own target only, under the same idempotency key', async () => {
    const [lamp, phone] = [scriptedTarget(refused), scriptedTarget()]
    const desk = await openDesk({ targets: { lamp, phone } })
    desk.happen('raised')
    await desk.clock.advance(0)
    lamp.answer = () => ({ kind: 'accepted' })
    const [letter] = await desk.delivery.deadLetters({ limit: 1 })
    await expect(desk.delivery.redrive(letter!.id, 'ann')).resolves.toBe(true)
    await desk.clock.advance(0)
    expect(lamp.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual([letter!.idempotencyKey, letter!.idempotencyKey])
    expect(phone.calls).toHaveLength(1)
    expect(await desk.delivery.deadLetters({ limit: 1 })).toEqual([])
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 1, delivered: 1, queued: 0, deadLettered: 0, dropped: {} })
    await expect(desk.delivery.redrive(letter!.id, 'ann')).resolves.toBe(false)
  })

  it('is sent again once though two ask at the same time', async () => {
    const lamp = scriptedTarget(refused)
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(0)
    lamp.answer = () => ({ kind: 'accepted' })
    const [letter] = await desk.delivery.deadLetters({ limit: 1 })
    expect(await Promise.all([desk.delivery.redrive(letter!.id, 'ann'), desk.delivery.redrive(letter!.id, 'bob')])).toEqual([true, false])
    await desk.clock.advance(0)
    expect(lamp.calls).toHaveLength(2)
  })

  it('remembers the attempts of before when it fails once more', async () => {
    const lamp = scriptedTarget(refused)
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised')
    await desk.clock.advance(1_000)
    const [letter] = await desk.delivery.deadLetters({ limit: 1 })
    await desk.delivery.redrive(letter!.id, 'ann')
    await desk.clock.advance(0)
    const [again] = await desk.delivery.deadLetters({ limit: 1 })
    expect(again!.attempts.map(({ at }) => at)).toEqual(['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:01.000Z'])
  })

  it('is discarded with who and why in the log, and counted as dropped', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused) } })
    desk.happen('raised')
    await desk.clock.advance(0)
    await expect(desk.delivery.discard('0000000001', 'ann', 'test alarm')).resolves.toBe(true)
    await expect(desk.delivery.discard('0000000001', 'ann', 'test alarm')).resolves.toBe(false)
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 1, delivered: 0, queued: 0, deadLettered: 0, dropped: { discarded: 1 } })
    const { entries } = await desk.store.read({ after: 0, limit: 10, kinds: ['mark'] })
    expect(entries).toMatchObject([{ mark: { kind: 'dead-letter-discarded', id: '0000000001', target: 'lamp', by: 'ann', why: 'test alarm' } }])
  })

  it('of a target that is gone cannot be sent again', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused) } })
    desk.happen('raised')
    await desk.clock.advance(0)
    const again = await openDesk({ targets: {}, store: desk.store.crash(), clock: desk.clock })
    await expect(again.delivery.redrive('0000000001', 'ann')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(again.delivery.ledger()['lamp']!.deadLettered).toBe(1)
  })

  it('makes room for newer ones when there are too many, and is counted', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused) }, options: { deadLetterLimit: 2 } })
    for (const id of ['a1', 'a2', 'a3']) {
      desk.happen('raised', { alarm: { id } })
      await desk.clock.advance(0)
    }
    expect((await desk.delivery.deadLetters({ limit: 10 })).map(({ event }) => (event.data as { id: string }).id)).toEqual(['a2', 'a3'])
    expect(desk.delivery.ledger()['lamp']).toEqual({ received: 3, delivered: 0, queued: 0, deadLettered: 2, dropped: { 'dead-letters-full': 1 } })
  })

  it('can be laid down by another room, and is sent again by its target', async () => {
    const influx = scriptedTarget()
    const desk = await openDesk({ targets: { influx } })
    const event = { specversion: '1.0', id: 'r1', type: 'limen.reading', source: 'test', time: '2026-01-01T00:00:00.000Z', data: { line: 'x' } } as const
    desk.delivery.deposit({ target: 'influx', event, idempotencyKey: 'k', cause: 'refused', answer: 'HTTP 400' })
    await desk.clock.advance(0)
    expect(desk.conditions.at(-1)).toMatchObject({ active: true })
    const [letter] = await desk.delivery.deadLetters({ limit: 1 })
    expect(letter).toMatchObject({ target: 'influx', event, cause: 'refused', idempotencyKey: 'k', attempts: [{ answer: 'HTTP 400' }] })
    await desk.delivery.redrive(letter!.id, 'ann')
    await desk.clock.advance(0)
    expect(influx.calls.map((call) => call.event)).toEqual([event])
    expect(desk.delivery.ledger()['influx']).toEqual({ received: 1, delivered: 1, queued: 0, deadLettered: 0, dropped: {} })
  })

  it('is listed page by page', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused) } })
    for (const id of ['a1', 'a2', 'a3']) {
      desk.happen('raised', { alarm: { id } })
      await desk.clock.advance(0)
    }
    const first = await desk.delivery.deadLetters({ limit: 2 })
    const second = await desk.delivery.deadLetters({ limit: 2, after: first.at(-1)!.id })
    expect([first.length, second.length]).toEqual([2, 1])
  })
})

describe('the technical alarms of delivery', () => {
  const of = (desk: Desk, rule: string) => desk.conditions.filter((condition) => condition.rule === rule)
  const letters = (desk: Desk) => of(desk, 'technical.dead-letters').map(({ active, message }) => [active, message])
  const none = [false, 'no dead letters wait']
  const one = [true, 'dead letters wait: 1 for lamp. See why they were refused, mend that, then send them again or discard them']

  it('say that dead letters wait, while they do, and whose', async () => {
    const phone = scriptedTarget(refused)
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused), phone } })
    desk.happen('raised', {}, ['lamp'])
    await desk.clock.advance(0)
    await desk.delivery.discard('0000000001', 'ann', 'seen')
    expect(letters(desk)).toEqual([none, one, none])
    desk.happen('raised', { alarm: { id: 'a2' } })
    await desk.clock.advance(0)
    expect(letters(desk).at(-1)).toEqual([true, 'dead letters wait: 1 for lamp, 1 for phone. See why they were refused, mend that, then send them again or discard them'])
    expect(of(desk, 'technical.delivery').map(({ active }) => active)).toEqual([false])
  })

  it('are told anew after a start', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused) } })
    desk.happen('raised')
    await desk.clock.advance(0)
    const again = await openDesk({ targets: { lamp: scriptedTarget() }, store: desk.store.crash(), clock: desk.clock })
    expect(letters(again)).toEqual([one])
    expect(of(again, 'technical.delivery').map(({ active }) => active)).toEqual([false])
  })

  it('say that no channel of a high-priority alarm gets through, until one does', async () => {
    const [lamp, phone] = [scriptedTarget(retry), scriptedTarget(retry)]
    const desk = await openDesk({ targets: { lamp, phone } })
    desk.happen('raised', { alarm: { priority: 'high' } })
    await desk.clock.advance(10_000)
    expect(desk.conditions.at(-1)).toMatchObject({ rule: 'technical.delivery', active: true, message: expect.stringContaining('a1: lamp, phone do not take it') as string })
    phone.answer = () => ({ kind: 'accepted' })
    await desk.clock.advance(60_000)
    expect(desk.conditions.at(-1)).toMatchObject({ rule: 'technical.delivery', active: false })
    expect(letters(desk)).toEqual([none])
  })

  it('are not raised while one channel works, nor for an alarm of medium priority', async () => {
    const [lamp, phone] = [scriptedTarget(retry), scriptedTarget()]
    const desk = await openDesk({ targets: { lamp, phone } })
    desk.happen('raised', { alarm: { priority: 'high' } })
    desk.happen('raised', { alarm: { id: 'a2' } }, ['lamp'])
    await desk.clock.advance(60_000)
    expect(desk.conditions.map(({ active }) => active)).toEqual([false, false])
  })
})
