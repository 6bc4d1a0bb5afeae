import { describe, expect, it } from 'vitest'
import { digest } from '../../gateway/kernel/hash.ts'
import { makeTransition, eventOf } from '../support/transitions.ts'
import { openDesk, scriptedTarget } from './desk.ts'

const refused = () => ({ kind: 'refused', reason: 'HTTP 410' }) as const
const retry = () => ({ kind: 'retry', reason: 'HTTP 500' }) as const

describe('what became of a notification', () => {
  it('is told when it was delivered: to whom, of what, after how many attempts, and what was answered', async () => {
    const lamp = scriptedTarget(retry)
    const desk = await openDesk({ targets: { lamp } })
    desk.happen('raised', { alarm: { id: 'a7', occurrence: 2, seq: 5 } })
    await desk.clock.advance(0)
    expect(await desk.told()).toEqual([])
    lamp.answer = () => ({ kind: 'accepted', answer: 'HTTP 204' })
    await desk.clock.advance(60_000)
    const data = { target: 'lamp', alarm: 'a7', event: 'limen.alarm.raised', eventTime: '2026-01-01T00:00:00.000Z', device: 'oven', idempotencyKey: digest('a7', 2, 5, 'lamp') }
    expect(await desk.told()).toEqual([{ type: 'limen.delivery.delivered', subject: 'oven', data: { ...data, attempts: 2, answer: 'HTTP 204' } }])
  })

  it('is told when it went to the dead letters, refused or too late, and when it was given up there', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused), phone: scriptedTarget(retry) } })
    desk.happen('raised', { alarm: { priority: 'high' } })
    await desk.clock.advance(16 * 60_000)
    const told = await desk.told()
    expect(told).toMatchObject([
      { type: 'limen.delivery.dead-lettered', data: { target: 'lamp', alarm: 'a1', attempts: 1, cause: 'HTTP 410', answer: 'HTTP 410' } },
      { type: 'limen.delivery.dead-lettered', data: { target: 'phone', alarm: 'a1', cause: 'expired', answer: 'HTTP 500' } },
    ])
    // What is not in memory any more is known from the disk.
    const again = await openDesk({ targets: { lamp: scriptedTarget(), phone: scriptedTarget() }, store: desk.store.crash(), clock: desk.clock })
    const [letter] = await again.delivery.deadLetters({ limit: 1 })
    await again.delivery.discard(letter!.id, 'ann', 'seen')
    expect((await again.told()).at(-1)).toEqual({
      type: 'limen.delivery.dropped', subject: 'oven',
      data: { target: letter!.target, alarm: 'a1', event: 'limen.alarm.raised', eventTime: '2026-01-01T00:00:00.000Z', device: 'oven', attempts: letter!.attempts.length, cause: 'discarded', by: 'ann', why: 'seen', idempotencyKey: letter!.idempotencyKey },
    })
  })

  it('is told with the reason when it was dropped', async () => {
    const lamp = scriptedTarget(() => new Promise(() => {}))
    const desk = await openDesk({ targets: { lamp }, options: { outboxLimit: 5 } })
    const dropped = async () => (await desk.told()).map(({ type, data }) => [type, (data as { alarm: string }).alarm, (data as { cause: string }).cause])
    desk.happen('raised', {}, ['nobody'])
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) desk.happen('raised', { alarm: { id, priority: 'low' } })
    await desk.clock.advance(0)
    desk.happen('cleared', { alarm: { id: 'a6', seq: 2 } })
    await desk.clock.advance(0)
    expect(await dropped()).toEqual([
      ['limen.delivery.dropped', 'a1', 'no-such-target'],
      ['limen.delivery.dropped', 'a1', 'overflow'],
      ['limen.delivery.dropped', 'a6', 'superseded'],
    ])
  })

  it('is undone with its batch', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(refused) } })
    desk.store.failNextCommit(new Error('disk'))
    desk.happen('raised', {}, ['nobody'])
    await desk.clock.advance(0)
    await desk.delivery.restore(desk.store)
    expect(await desk.told()).toEqual([])
  })

  it('is not told of what is no alarm', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget() } })
    desk.delivery.deposit({ target: 'lamp', event: { ...eventOf(makeTransition('raised')), type: 'limen.influx.refused' }, idempotencyKey: 'k', cause: 'HTTP 400', answer: 'no' })
    await desk.clock.advance(0)
    expect(desk.delivery.ledger()['lamp']!.deadLettered).toBe(1)
    expect(await desk.told()).toEqual([])
  })
})

describe('what waits to tell of an alarm', () => {
  it('is listed with its attempts and the time of the next, once it is on disk', async () => {
    const desk = await openDesk({ targets: { lamp: scriptedTarget(retry), phone: scriptedTarget() }, random: () => 0.5 })
    desk.happen('raised', { alarm: { priority: 'high' } })
    expect(desk.delivery.waiting('a1')).toEqual([])
    await desk.clock.advance(0)
    const [one, ...others] = desk.delivery.waiting('a1')
    expect(others).toEqual([])
    expect(one).toMatchObject({ target: 'lamp', event: 'limen.alarm.raised', attempts: 1, createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:15:00.000Z' })
    expect(Date.parse(one!.nextTryAt)).toBeGreaterThan(desk.clock.wall())
    expect(desk.delivery.waiting('a2')).toEqual([])
  })
})
