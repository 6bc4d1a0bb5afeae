import { describe, expect, it } from 'vitest'
import { createTimekeeper } from '../gateway/timekeeper.ts'
import { createFakeClock } from './support/fake-clock.ts'

function setUp() {
  const clock = createFakeClock()
  const seen: string[] = []
  let due = Infinity
  const keeper = createTimekeeper({
    clock,
    nextDue: () => due,
    onDue: () => {
      seen.push(`due@${keeper.times().at}`)
      due = Infinity
    },
    onClock: () => {
      seen.push(`clock ${keeper.times().wallMs - clock.wall()}`)
      keeper.followClock()
    },
    onBeat: ({ at }) => seen.push(`beat@${at}`),
    onStep: (ms) => seen.push(`step ${ms}`),
    onStall: (ms) => seen.push(`stall ${ms}`),
  })
  return { clock, seen, keeper, setDue: (at: number) => { due = at } }
}

describe('the timekeeper', () => {
  it('goes on where the last run ended', async () => {
    const { clock, keeper } = setUp()
    expect(keeper.times().at).toBe(0)
    await clock.advance(50)
    keeper.resume(7_000)
    await clock.advance(30)
    expect(keeper.times().at).toBe(7_030)
  })

  it('fires what is due at its moment, and an earlier one that comes later first', async () => {
    const { clock, seen, keeper, setDue } = setUp()
    keeper.start()
    setDue(500)
    keeper.arm()
    await clock.advance(200)
    setDue(300)
    keeper.arm()
    await clock.advance(700)
    expect(seen).toEqual(['due@300'])
    keeper.stop()
  })

  it('beats once a second and notices a wall clock that jumps, without moving time', async () => {
    const { clock, seen, keeper } = setUp()
    keeper.start()
    await clock.advance(1_000)
    clock.stepWall(3_600_000)
    await clock.advance(1_000)
    expect(seen).toEqual(['beat@1000', 'step 3600000', 'clock -3600000', 'beat@2000'])
    keeper.stop()
    await clock.advance(5_000)
    expect(seen).toHaveLength(4)
    expect(keeper.times().wallMs).toBe(clock.wall())
  })

  it('does not count the time in which the process did not run, and fires nothing for it', async () => {
    const { clock, seen, keeper, setDue } = setUp()
    keeper.start()
    setDue(3_000)
    keeper.arm()
    await clock.advance(900)
    clock.stall(10_000)
    // Whoever asks first, before any timer: a packet that waited in a socket.
    expect(keeper.times().at).toBeLessThanOrEqual(900)
    await clock.advance(0)
    expect(seen.filter((each) => !each.startsWith('beat') && !each.startsWith('clock'))).toEqual(['stall 10150'])
    await clock.advance(1_500)
    expect(seen.filter((each) => each.startsWith('due'))).toEqual([])
    await clock.advance(1_000)
    expect(seen.filter((each) => each.startsWith('due'))).toEqual(['due@3000'])
    keeper.stop()
  })

  it('takes a busy process, late by less than a second, for what it is', async () => {
    const { clock, seen, keeper } = setUp()
    keeper.start()
    await clock.advance(500)
    clock.stall(900)
    expect(keeper.times().at).toBe(1_400)
    await clock.advance(100)
    expect(seen.filter((each) => each.startsWith('stall'))).toEqual([])
    keeper.stop()
  })
})
