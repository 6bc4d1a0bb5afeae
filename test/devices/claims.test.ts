import { describe, expect, it } from 'vitest'
import type { CommandSpec } from '../../gateway/kernel/rule.ts'
import { type CommandBench, makeSpec, openCommands } from './bench.ts'

const high = { alarm: { id: 'h', priority: 'high' } } as const
const low = { alarm: { id: 'l', priority: 'low' } } as const

/** Raises, answers, and gives what is sent afterwards. */
async function raised(spec: Partial<CommandSpec>): Promise<CommandBench> {
  const bench = await openCommands()
  bench.happen('raised', [makeSpec(spec)])
  bench.ack('done')
  bench.sent()
  return bench
}

describe('when the alarm clears', () => {
  it.each(['cleared', 'returned', 'retired'] as const)('safe sends the safe value (%s)', async (event) => {
    const bench = await raised({ release: 'safe', safeValue: 'off' })
    bench.happen(event, [])
    expect(bench.sent()).toEqual(['off @2'])
    bench.happen('cleared', [])
    expect(bench.sent()).toEqual([])
  })

  it('safe sends it also when the alarm cleared in silence', async () => {
    const bench = await raised({ release: 'safe', safeValue: 'off' })
    bench.happen('tracked', [], { alarm: { state: 'normal', overlays: ['shelved'] } })
    expect(bench.sent()).toEqual(['off @2'])
  })

  it.each(['release', 'hold', 'awaitReset'] as const)('%s sends nothing', async (release) => {
    const bench = await raised({ release, safeValue: 'off' })
    bench.happen('cleared', [])
    expect(bench.sent()).toEqual([])
  })

  it('a latched alarm holds until it is reset', async () => {
    const bench = await raised({ release: 'safe', safeValue: 'off' })
    bench.happen('latched', [], { rule: { latch: true } as never })
    bench.happen('acked', [], { rule: { latch: true } as never, alarm: { state: 'latched-acked' } })
    expect(bench.sent()).toEqual([])
    bench.happen('cleared', [], { rule: { latch: true } as never })
    expect(bench.sent()).toEqual(['off @2'])
  })

  it('awaitReset waits for an operator: the reset of a latched alarm, or a command of his own', async () => {
    const latched = await raised({ release: 'awaitReset', safeValue: 'off' })
    latched.happen('latched', [], { rule: { latch: true } as never })
    latched.happen('reset', [], { rule: { latch: true } as never, alarm: { state: 'rtn-unacked' } })
    expect(latched.sent()).toEqual(['off @2'])

    const waiting = await raised({ release: 'awaitReset' })
    waiting.happen('cleared', [])
    waiting.happen('raised', [makeSpec({ value: 'half' })], { alarm: { id: 'other', priority: 'low' } })
    expect(waiting.sent()).toEqual([])
    waiting.commands.request({ device: 'fan-1', actuator: 'power', value: 'off', by: 'ann' })
    waiting.ack('done')
    await waiting.clock.advance(30_000)
    expect(waiting.sent()).toEqual(['off @2', 'half @3'])
  })
})

describe('who wins', () => {
  it('is the alarm of higher priority; the lower one is not commanded', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ value: 'full' })], high)
    bench.happen('raised', [makeSpec({ value: 'half' })], low)
    expect(bench.sent()).toEqual(['full @1'])
  })

  it('is the newer of two alarms of equal priority', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ value: 'full' })], { alarm: { id: 'x' } })
    bench.happen('raised', [makeSpec({ value: 'half' })], { alarm: { id: 'y' } })
    expect(bench.sent()).toEqual(['full @1', 'half @2'])
  })

  it('takes over when the stronger claim is given back, and only the difference is commanded', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ value: 'half', release: 'release' })], low)
    bench.happen('raised', [makeSpec({ value: 'full', release: 'safe', safeValue: 'off' })], high)
    bench.happen('raised', [makeSpec({ value: 'full', release: 'release' })], { alarm: { id: 'm', priority: 'medium' } })
    expect(bench.sent()).toEqual(['half @1', 'full @2'])
    bench.happen('cleared', [], high)
    expect(bench.sent()).toEqual([])
    bench.happen('cleared', [], { alarm: { id: 'm', priority: 'medium' } })
    expect(bench.sent()).toEqual(['half @3'])
  })

  it('stays when a weaker claim is given back', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ value: 'half', release: 'safe', safeValue: 'off' })], low)
    bench.happen('raised', [makeSpec({ value: 'full' })], high)
    bench.sent()
    bench.happen('cleared', [], low)
    expect(bench.sent()).toEqual([])
  })

  it('is a manual override until it ends; then the alarms of that time', async () => {
    const bench = await openCommands()
    bench.happen('raised', [makeSpec({ value: 'full' })], high)
    const command = bench.commands.request({ device: 'fan-1', actuator: 'power', value: 'off', overrideMs: 60_000, by: 'ann' })
    expect(command).toMatchObject({ status: 'sent', seq: 2, cause: 'manual:ann', value: 'off' })
    bench.ack('done')
    bench.happen('reraised', [makeSpec({ value: 'full' })], high)
    await bench.clock.advance(59_999)
    expect(bench.sent()).toEqual(['full @1', 'off @2'])
    await bench.clock.advance(1)
    expect(bench.sent()).toEqual(['full @3'])
  })

  it('is, with nobody else, what a manual command left behind', async () => {
    const bench = await openCommands()
    bench.commands.request({ device: 'fan-1', actuator: 'power', value: 'half', by: 'ann' })
    bench.ack('done')
    await bench.clock.advance(30_000)
    bench.happen('raised', [makeSpec({ value: 'full', release: 'release' })], low)
    bench.happen('cleared', [], low)
    expect(bench.sent()).toEqual(['half @1', 'full @2', 'half @3'])
  })

  it('keeps a held value only until somebody else speaks', async () => {
    const bench = await raised({ release: 'hold' })
    bench.happen('cleared', [])
    bench.happen('raised', [makeSpec({ value: 'half', release: 'safe', safeValue: 'off' })], low)
    bench.happen('cleared', [], low)
    expect(bench.sent()).toEqual(['half @2', 'off @3'])
  })

  it('refuses a manual command to what is no topic', async () => {
    const bench = await openCommands()
    for (const [device, actuator] of [['', 'power'], ['a/b', 'power'], ['fan-1', '#']] as const) {
      expect(() => bench.commands.request({ device, actuator, value: 1, by: 'ann' })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }) as Error)
    }
    expect(() => bench.commands.request({ device: 'fan-1', actuator: 'power', value: 1, ttlMs: -5, by: 'ann' })).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }) as Error)
  })

  it('supersedes a command that has not been accepted', async () => {
    const bench = await openCommands()
    bench.happen('raised')
    bench.happen('raised', [makeSpec({ value: 'half' })], high)
    expect(bench.types()).toEqual(['issued', 'superseded', 'issued'])
    await bench.clock.advance(2_250)
    expect(bench.sent()).toEqual(['on @1', 'half @2', 'half @2'])
  })
})
