import { describe, expect, it } from 'vitest'
import { createBrake } from '../../gateway/flows/brake.ts'
import { createFakeClock } from '../support/fake-clock.ts'

function scene() {
  const clock = createFakeClock()
  const signals: string[] = []
  return { clock, signals, brake: createBrake({ clock, signal: (name) => void signals.push(name) }) }
}

describe('the brake', () => {
  it('lets a process run for a tenth of the time, after some turns for a fiftieth', async () => {
    const { clock, signals, brake } = scene()
    brake.on()
    brake.on()
    const begun = clock.monotonic()
    const ran: number[] = []
    for (let turn = 0; turn < 8; turn++) {
      while (signals.at(-1) === 'SIGSTOP') await clock.advance(10)
      const from = clock.monotonic()
      while (signals.at(-1) === 'SIGCONT') await clock.advance(10)
      ran.push(clock.monotonic() - from)
    }
    expect(ran).toEqual([50, 50, 50, 50, 50, 50, 10, 10])
    expect(clock.monotonic() - begun).toBe(8 * 500)
  })

  it('leaves a process running when it is taken off, whatever it was in the middle of', async () => {
    for (const after of [0, 450]) {
      const { clock, signals, brake } = scene()
      brake.on()
      await clock.advance(after)
      brake.off()
      const then = signals.length
      await clock.advance(10_000)
      expect(signals.at(-1)).toBe('SIGCONT')
      expect(signals.length).toBe(then)
      brake.off()
      expect(signals.length).toBe(then)
    }
  })
})
