import { describe, expect, it } from 'vitest'
import { makeSpec, openCommands } from './bench.ts'

describe('a device that cannot be reached', () => {
  it('is sent nothing; the command expires after its ttl', async () => {
    const bench = await openCommands({ listening: false })
    bench.happen('raised')
    await bench.clock.advance(29_999)
    expect(bench.types()).toEqual(['issued'])
    await bench.clock.advance(1)
    expect(bench.types()).toEqual(['issued', 'expired'])
    expect(bench.conditions).toMatchObject([{ active: true, message: expect.stringContaining('could not be reached') as string }])
    expect(bench.sent()).toEqual([])
  })

  it('is one that said offline, though it is subscribed', async () => {
    const bench = await openCommands()
    bench.say('offline')
    bench.happen('raised')
    expect(bench.sent()).toEqual([])
  })

  it('gets the command when it comes back within the ttl, once it has reported another state', async () => {
    const bench = await openCommands({ listening: false })
    bench.happen('raised')
    await bench.clock.advance(5_000)
    bench.listen(true)
    await bench.clock.advance(100)
    expect(bench.sent()).toEqual([])
    bench.report('OFF')
    expect(bench.sent()).toEqual(['on @1'])
    bench.ack('done')
    expect(bench.types()).toEqual(['issued', 'done'])
  })

  it('gets it without a report after a while', async () => {
    const bench = await openCommands({ listening: false })
    bench.happen('raised')
    bench.listen(true)
    await bench.clock.advance(2_019)
    expect(bench.sent()).toEqual([])
    await bench.clock.advance(1)
    expect(bench.sent()).toEqual(['on @1'])
  })

  it('is not sent what it already is', async () => {
    const bench = await openCommands({ listening: false })
    bench.happen('raised')
    bench.listen(true)
    await bench.clock.advance(100)
    bench.report(true)
    expect(bench.sent()).toEqual([])
    expect(bench.types()).toEqual(['issued', 'done'])
  })

  it('is not sent a command older than its ttl when it comes back, but a new one for what the alarm still wants', async () => {
    const bench = await openCommands({ listening: false })
    bench.happen('raised')
    await bench.clock.advance(60_000)
    bench.listen(true)
    await bench.clock.advance(100)
    bench.report('off')
    expect(bench.sent()).toEqual(['on @2'])
    bench.ack('done')
    expect(bench.types()).toEqual(['issued', 'expired', 'issued', 'done'])
    expect(bench.conditions.map(({ active }) => active)).toEqual([true, false])
  })

  it('is sent nothing when the alarm has cleared meanwhile', async () => {
    const bench = await openCommands({ listening: false })
    bench.happen('raised', [makeSpec({ release: 'release' })])
    bench.happen('cleared', [])
    bench.listen(true)
    await bench.clock.advance(60_000)
    expect(bench.sent()).toEqual([])
    expect(bench.types()).toEqual(['issued', 'superseded'])
  })

  it('is brought to the safe value that did not reach it in time', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ release: 'safe', safeValue: 'off' })])
    bench.ack('done')
    bench.say('offline')
    bench.happen('cleared', [])
    await bench.clock.advance(60_000)
    expect(bench.types().at(-1)).toBe('expired')
    bench.sent()
    bench.say('online')
    bench.report('ON')
    expect(bench.sent()).toEqual(['off @3'])
  })

  it('that lost its state while away is set again', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    bench.ack('done')
    bench.say('offline')
    bench.say('online')
    bench.report('off')
    expect(bench.sent()).toEqual(['on @1', 'on @2'])
  })

  it('that kept its state while away is left alone', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    bench.ack('done')
    bench.listen(false)
    await bench.clock.advance(100)
    bench.listen(true)
    await bench.clock.advance(100)
    bench.report('on')
    await bench.clock.advance(60_000)
    expect(bench.sent()).toEqual(['on @1'])
  })

  it('is not tried again while it is away, and gets the same command when it is back', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    bench.say('offline')
    await bench.clock.advance(10_000)
    expect(bench.sent()).toEqual(['on @1'])
    bench.say('online')
    bench.report('off')
    expect(bench.sent()).toEqual(['on @1'])
    expect(new Set(bench.published.map(({ payload }) => payload)).size).toBe(1)
  })

  it('is commanded at once when it had come back before anybody wanted something', async () => {
    const bench = await openCommands()
    bench.say('offline')
    bench.listen(false)
    await bench.clock.advance(100)
    bench.listen(true)
    bench.say('online')
    await bench.clock.advance(100)
    bench.happen('raised')
    expect(bench.sent()).toEqual(['on @1'])
  })
})

describe('after a restart', () => {
  it('claims, sequence and wants are as they were', async () => {
    const before = await openCommands()
    before.happen('raised', [makeSpec({ release: 'safe', safeValue: 'off' })])
    before.ack('done')
    const bench = await before.restart(3_600_000)
    bench.listen(true)
    await bench.clock.advance(100)
    bench.report('on')
    expect(bench.sent()).toEqual([])
    bench.happen('cleared', [])
    expect(bench.sent()).toEqual(['off @2'])
    await bench.clock.advance(0)
    expect(bench.commands.list({ limit: 10 }).map(({ seq, status }) => [seq, status])).toEqual([[1, 'done'], [2, 'sent']])
  })

  it('a command whose ttl passed while down expires once', async () => {
    const before = await openCommands({ listening: false })
    before.happen('raised')
    const bench = await before.restart(60_000)
    expect(bench.types()).toEqual(['expired'])
    const again = await bench.restart()
    expect(again.types()).toEqual([])
  })

  it('a command that was sent and not answered is sent again under the same id and seq', async () => {
    const before = await openCommands()
    before.happen('raised')
    const [first] = before.published
    const bench = await before.restart(1_000)
    bench.listen(true)
    await bench.clock.advance(2_100)
    expect(bench.published[0]!.payload).toBe(first!.payload)
    bench.ack('done')
    expect(bench.types()).toEqual(['done'])
  })

  it('an accepted command still has the rest of its time', async () => {
    const before = await openCommands()
    before.happen('raised')
    before.ack('accepted')
    await before.clock.advance(4_000)
    const bench = await before.restart(3_000)
    await bench.clock.advance(2_999)
    expect(bench.types()).toEqual([])
    await bench.clock.advance(1)
    expect(bench.types()).toEqual(['failed'])
  })

  it('a manual override ends at its wall time, also when that passed while down', async () => {
    const before = await openCommands()
    before.happen('raised', [makeSpec({ value: 'full' })])
    before.commands.request({ device: 'fan-1', actuator: 'power', value: 'off', overrideMs: 60_000, by: 'ann' })
    before.ack('done')
    const bench = await before.restart(120_000)
    bench.listen(true)
    await bench.clock.advance(100)
    bench.report('off')
    expect(bench.sent()).toEqual(['full @3'])
  })

  it('the fault of an output is still known, and ends when it does as told', async () => {
    const before = await openCommands()
    before.happen('raised')
    before.ack('rejected')
    const bench = await before.restart()
    bench.listen(true)
    await bench.clock.advance(2_100)
    expect(bench.sent()).toEqual(['on @2'])
    bench.ack('done')
    expect(bench.conditions).toMatchObject([{ key: 'fan-1.power', active: false }])
  })
})

describe('after a commit that failed', () => {
  it('what was decided in it is forgotten, and nothing of it is sent or timed any more', async () => {
    const bench = await openCommands()
    bench.store.failNextCommit(new Error('disk'))
    bench.happen('raised')
    await bench.clock.advance(0)
    await bench.commands.restore(bench.store)
    bench.published.length = 0
    await bench.clock.advance(60_000)
    expect(bench.published).toEqual([])
    expect(bench.commands.list({ limit: 10 })).toEqual([])
    bench.happen('raised')
    expect(bench.last().seq).toBe(1)
  })
})
