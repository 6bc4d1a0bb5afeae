import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Frame } from '../../dashboard/src/data/frames.ts'
import type { Wire } from '../../dashboard/src/data/socket.ts'
import { createLiveSocket } from '../../dashboard/src/data/socket.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

interface TestWire extends Wire { readonly after: number | undefined; readonly sent: string[]; closed: boolean }

/** A socket whose wires are in the test's hand; the jitter is at its longest. */
function scene() {
  const wires: TestWire[] = []
  const frames: Frame[] = []
  const states: string[] = []
  const socket = createLiveSocket({
    open(after) {
      const wire: TestWire = {
        after, sent: [], closed: false, onopen: null, onmessage: null, onclose: null,
        send: (text) => void wire.sent.push(text),
        close: () => void (wire.closed = true),
      }
      wires.push(wire)
      return wire
    },
    onFrame: (frame) => void frames.push(frame),
    onState: (state) => void states.push(state),
    setTimer(run, ms) {
      const timer = setTimeout(run, ms)
      return () => clearTimeout(timer)
    },
    random: () => 1,
  })
  const last = () => wires.at(-1)!
  const hear = (text: string) => last().onmessage?.({ data: text })
  return { socket, wires, frames, states, last, hear }
}

const pulse = 'event: pulse\ndata: {}\n\n'

describe('the live socket', () => {
  it('begins after the position it is given, and is live once it hears something', () => {
    const { socket, states, frames, last, hear } = scene()
    socket.start(40)
    expect(last().after).toBe(40)
    last().onopen?.()
    expect(states).toEqual([])
    hear('id: 41\nevent: limen.alarm.raised\ndata: {"a":1}\n\n')
    expect(states).toEqual(['live'])
    expect(frames).toEqual([{ id: 41, event: 'limen.alarm.raised', data: { a: 1 } }])
  })

  it('is away where the gateway goes before it was heard', () => {
    const { socket, states, last, hear } = scene()
    socket.start(40)
    last().onclose?.({ code: 1006 })
    expect(states).toEqual(['away'])
    vi.advanceTimersByTime(500)
    hear(pulse)
    expect(states).toEqual(['away', 'live'])
  })

  it('comes back after a loss and goes on after the last position it saw', () => {
    const { socket, wires, states, last, hear } = scene()
    socket.start(40)
    hear('id: 44\nevent: beat\n\n')
    last().onclose?.({ code: 1006 })
    expect(states).toEqual(['live', 'away'])
    vi.advanceTimersByTime(499)
    expect(wires).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(wires).toHaveLength(2)
    expect(last().after).toBe(44)
    hear(pulse)
    expect(states).toEqual(['live', 'away', 'live'])
  })

  it('waits longer each time, 10 s at most, and shortly again after it was live', () => {
    const { socket, wires, last, hear } = scene()
    socket.start(0)
    const waits: number[] = []
    for (let round = 0; round < 7; round++) {
      last().onclose?.({ code: 1006 })
      const had = wires.length
      let waited = 0
      while (wires.length === had) {
        vi.advanceTimersByTime(100)
        waited += 100
      }
      waits.push(waited)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    hear(pulse)
    last().onclose?.({ code: 1006 })
    const had = wires.length
    vi.advanceTimersByTime(500)
    expect(wires).toHaveLength(had + 1)
  })

  it('takes silence of 5 s for a loss, whatever the socket says', () => {
    const { socket, wires, states, hear } = scene()
    socket.start(0)
    hear(pulse)
    vi.advanceTimersByTime(4_999)
    hear(pulse)
    vi.advanceTimersByTime(4_999)
    expect(states).toEqual(['live'])
    vi.advanceTimersByTime(1)
    expect(states).toEqual(['live', 'away'])
    expect(wires.at(0)!.closed).toBe(true)
    // The close that follows is of a wire that is given up already: one try, not two.
    wires.at(0)!.onclose?.({ code: 1006 })
    vi.advanceTimersByTime(500)
    expect(wires).toHaveLength(2)
  })

  it('a connection that never answers is given up, too', () => {
    const { socket, wires } = scene()
    socket.start(0)
    vi.advanceTimersByTime(5_000 + 500)
    expect(wires).toHaveLength(2)
    expect(wires.at(0)!.closed).toBe(true)
  })

  it('says anew which devices are watched after each reconnect', () => {
    const { socket, last, hear } = scene()
    socket.watch(['bed-1'])
    socket.start(0)
    last().onopen?.()
    expect(last().sent).toEqual(['{"watch":["bed-1"]}'])
    hear(pulse)
    socket.watch(['bed-1', 'bed-2'])
    expect(last().sent.at(-1)).toBe('{"watch":["bed-1","bed-2"]}')
    last().onclose?.({ code: 1006 })
    vi.advanceTimersByTime(500)
    last().onopen?.()
    expect(last().sent).toEqual(['{"watch":["bed-1","bed-2"]}'])
  })

  it('says what is watched now between the opening and the first word of the gateway', () => {
    const { socket, last, hear } = scene()
    socket.start(0)
    socket.watch(['bed-1'])
    last().onopen?.()
    socket.watch([])
    hear(pulse)
    expect(last().sent.at(-1)).toBe('{"watch":[]}')
  })

  it('tries at once when asked to while it waits, and only then', () => {
    const { socket, wires, last, hear } = scene()
    socket.start(0)
    hear(pulse)
    socket.retry()
    expect(wires).toHaveLength(1)
    last().onclose?.({ code: 1006 })
    socket.retry()
    expect(wires).toHaveLength(2)
    vi.advanceTimersByTime(1_000)
    expect(wires).toHaveLength(2)
  })

  it('stops for good', () => {
    const { socket, wires, last } = scene()
    socket.start(0)
    last().onclose?.({ code: 1006 })
    socket.stop()
    vi.advanceTimersByTime(60_000)
    expect(wires).toHaveLength(1)
  })

  it('hears nothing of a wire it has given up', () => {
    const { socket, wires, frames, hear } = scene()
    socket.start(0)
    hear(pulse)
    vi.advanceTimersByTime(5_500)
    wires.at(0)!.onmessage?.({ data: 'id: 99\nevent: x\ndata: 1\n\n' })
    expect(frames).toHaveLength(1)
    expect(wires.at(1)!.after).toBe(0)
  })
})
