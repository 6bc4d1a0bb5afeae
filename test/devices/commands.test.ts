import { describe, expect, it } from 'vitest'
import { makeSpec, openCommands } from './bench.ts'

describe('a command', () => {
  it('is published in the turn of its alarm: id, seq, value, issuedAt, ttlMs, cause; QoS 1, never retained, with its expiry', async () => {
    const bench = await openCommands()
    const { published, clock } = bench
    bench.happen('raised')
    expect(published).toEqual([{ topic: 'devices/fan-1/power/set', qos: 1, retain: false, expiresAt: clock.wall() + 30_000, payload: expect.any(String) as string }])
    expect(JSON.parse(String(published[0]!.payload))).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, seq: 1, value: 'on', issuedAt: '2026-01-01T00:00:00.000Z', ttlMs: 30_000, cause: 'a1',
    })
  })

  it('runs again with a new id and a higher seq each time the rule\'s then runs', async () => {
    const bench = await openCommands()
    const ids: string[] = []
    for (const [event, levelUp] of [['raised', false], ['level-changed', true], ['level-changed', false], ['acked', false], ['reraised', false]] as const) {
      const before = bench.published.length
      bench.happen(event, [makeSpec()], { levelUp })
      if (bench.published.length > before) ids.push(bench.last().id)
    }
    expect(bench.sent()).toEqual(['on @1', 'on @2', 'on @3'])
    expect(new Set(ids).size).toBe(3)
  })

  it('is not given by a shadow rule, nor while an overlay keeps the alarm silent', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec()], { rule: { mode: 'shadow' } as never })
    bench.happen('tracked', [makeSpec()], { alarm: { overlays: ['shelved'] } })
    expect(bench.sent()).toEqual([])
  })

  it('is issued, accepted, done, each told once; done implies accepted', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    for (const word of ['accepted', 'accepted', 'executing', 'done', 'done']) expect(bench.ack(word)).toEqual({ ok: true })
    expect(bench.types()).toEqual(['issued', 'accepted', 'done'])
    bench.happen('reraised')
    bench.ack('done')
    expect(bench.types().slice(3)).toEqual(['issued', 'done'])
    expect(bench.commands.get(bench.last().id)).toBeUndefined()
    await bench.clock.advance(0)
    expect(bench.commands.get(bench.last().id)).toMatchObject({ status: 'done', tries: 1, cause: 'a1' })
    await bench.clock.advance(60_000)
    expect(bench.sent()).toEqual(['on @1', 'on @2'])
    expect(bench.conditions).toEqual([])
  })

  it('is tried three times under the same id and seq, then failed with a technical alarm', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    await bench.clock.advance(1_999)
    expect(bench.sent()).toEqual(['on @1'])
    await bench.clock.advance(1 + 250)
    expect(bench.sent()).toEqual(['on @1'])
    await bench.clock.advance(2_250)
    expect(bench.sent()).toEqual(['on @1'])
    await bench.clock.advance(1_999)
    expect(bench.types()).toEqual(['issued'])
    await bench.clock.advance(1)
    expect(bench.types()).toEqual(['issued', 'failed'])
    expect(new Set(bench.published.map(({ payload }) => payload)).size).toBe(1)
    expect(bench.conditions).toEqual([{ rule: 'technical.command', key: 'fan-1.power', device: 'fan-1', active: true, message: 'command "on" to power of fan-1 failed: not accepted after 3 tries' }])
    await bench.clock.advance(60_000)
    expect(bench.sent()).toEqual([])
    bench.happen('reraised')
    bench.ack('done')
    expect(bench.conditions.at(-1)).toMatchObject({ key: 'fan-1.power', active: false })
  })

  it('fails when it was accepted and is not done in its output\'s own time', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ doneWithinMs: 5_000 })])
    bench.ack('accepted')
    await bench.clock.advance(4_999)
    expect(bench.types()).toEqual(['issued', 'accepted'])
    await bench.clock.advance(1)
    expect(bench.types()).toEqual(['issued', 'accepted', 'failed'])
  })

  it('that is answered after it was given up counts all the same', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    await bench.clock.advance(20_000)
    bench.ack('done')
    expect(bench.types()).toEqual(['issued', 'failed', 'done'])
    expect(bench.conditions.map(({ active }) => active)).toEqual([true, false])
  })

  it.each(['rejected', 'expired'])('that the device calls %s ends with its reason', async (word) => {
    const bench = await openCommands()
    bench.happen('raised')
    bench.ack(word, { reason: 'door open' })
    expect(bench.types()).toEqual(['issued', word])
    await bench.clock.advance(0)
    expect(bench.commands.get(bench.last().id)).toMatchObject({ status: word, reason: 'door open' })
    expect(bench.conditions).toMatchObject([{ active: true }])
  })

  it.each([
    ['no JSON', 'nonsense'], ['no object', '5'], ['no id', '{"status":"done"}'], ['an unknown status', '{"id":"x","status":"maybe"}'], ['an unknown id', '{"id":"x","status":"done"}'],
  ])('is not moved by an answer with %s, which is refused with the reason', async (_, payload) => {
    const bench = await openCommands()
    bench.happen('raised')
    expect(bench.commands.acknowledged('fan-1', 'power', Buffer.from(payload))).toMatchObject({ ok: false, reason: expect.stringMatching(/./) as string })
    expect(bench.types()).toEqual(['issued'])
  })

  it('is not moved by another device\'s answer', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    const payload = Buffer.from(JSON.stringify({ id: bench.last().id, status: 'done' }))
    expect(bench.commands.acknowledged('fan-2', 'power', payload).ok).toBe(false)
    expect(bench.commands.acknowledged('fan-1', 'speed', payload).ok).toBe(false)
  })

  describe('with confirm: state', () => {
    it.each([['on', true], ['on', 'ON'], [true, 'on'], ['OFF', false], [21, 21], ['21.0', 21], ['auto', 'auto']] as const)('is done when the device reports it (%j, %j), whatever it says', async (value, state) => {
      const bench = await openCommands()
      bench.happen('raised', [makeSpec({ confirm: 'state', value })])
      bench.ack('done')
      expect(bench.types()).toEqual(['issued', 'accepted'])
      bench.report(state)
      expect(bench.types()).toEqual(['issued', 'accepted', 'done'])
    })

    it('is done by the state alone, and not by another one', async () => {
      const bench = await openCommands()
      bench.happen('raised', [makeSpec({ confirm: 'state' })])
      bench.report(false)
      bench.report(true, 'fan-2')
      bench.report(true, 'fan-1', 'speed')
      expect(bench.types()).toEqual(['issued'])
      bench.report(true)
      expect(bench.types()).toEqual(['issued', 'done'])
    })

    it('fails when the state never comes', async () => {
      const bench = await openCommands()
      bench.happen('raised', [makeSpec({ confirm: 'state' })])
      bench.ack('done')
      await bench.clock.advance(10_000)
      expect(bench.types().at(-1)).toBe('failed')
    })
  })

  it('is not decided by the state unless asked', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    bench.report(true)
    expect(bench.types()).toEqual(['issued'])
  })

  it('is filled from its alarm, and keeps the type of a value', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ device: 'fan-{device}', actuator: '{metric}', value: '{value}' }), makeSpec({ device: 'lamp-{labels.ward}', value: 'bed {device}' })], { alarm: { labels: { ward: 'east' } } })
    expect(bench.published.map(({ topic }) => topic)).toEqual(['devices/fan-oven/temp/set', 'devices/lamp-east/power/set'])
    expect(bench.published.map(({ payload }) => (JSON.parse(String(payload)) as { value: unknown }).value)).toEqual([81, 'bed oven'])
  })

  it.each([[{ device: 'lamp-{labels.ward}' }], [{ device: '{labels.room}' }], [{ actuator: '{labels.constructor}' }]])('that cannot be filled is told as failed: %j', async (members) => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec(members)], { alarm: { labels: { room: 'a/b' } } })
    expect(bench.sent()).toEqual([])
    expect(bench.events).toMatchObject([{ type: 'limen.command.failed', data: { rule: 'too-hot', cause: 'a1' } }])
  })

  it('is remembered, the last ones only', async () => {
    const bench = await openCommands({ options: { history: 3 } })
    for (let i = 0; i < 5; i++) {
      bench.happen(i === 0 ? 'raised' : 'reraised')
      bench.ack('done')
    }
    await bench.clock.advance(0)
    expect(bench.commands.list({ limit: 10 }).map(({ seq }) => seq)).toEqual([3, 4, 5])
    expect(bench.commands.list({ limit: 10, after: 'forgotten' })).toEqual([])
    const [first] = bench.commands.list({ limit: 1 })
    expect(bench.commands.list({ limit: 10, after: first!.id }).map(({ seq }) => seq)).toEqual([4, 5])
    await bench.clock.advance(0)
    expect(await bench.store.list('command', { prefix: 'cmd/' })).toHaveLength(3)
  })

  it('writes and sends nothing of its own accord between a failed commit and the restore, then goes on', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    await bench.clock.advance(0)
    const before = await bench.store.list('command')
    bench.commands.suspend()
    await bench.clock.advance(5_000)
    expect(bench.sent()).toEqual(['on @1'])
    expect(await bench.store.list('command')).toEqual(before)
    await bench.commands.restore(bench.store)
    await bench.clock.advance(5_000)
    expect(bench.sent()).toEqual(['on @1'])
  })
})
