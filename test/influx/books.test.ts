import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Books } from '../../gateway/influx/books.ts'
import { createBooks } from '../../gateway/influx/books.ts'

function fresh(): Books {
  const books = createBooks()
  books.load(undefined, 0)
  return books
}

function reopened(books: Books): Books {
  const again = createBooks()
  again.load(books.serialise(), 0)
  return again
}

const delivered = (count: number) => ({ delivered: count, deadLettered: 0, unwritable: 0 })

describe('the books', () => {
  it('count what comes as queued, and what is settled as what became of it', () => {
    const books = fresh()
    books.extend(12, 10)
    expect(books.ledger()).toEqual({ received: 10, delivered: 0, queued: 10, deadLettered: 0, dropped: { unwritable: 0, quota: 0 } })
    books.settle(books.live(), 6, { delivered: 3, deadLettered: 1, unwritable: 2 })
    expect(books.ledger()).toEqual({ received: 10, delivered: 3, queued: 4, deadLettered: 1, dropped: { unwritable: 2, quota: 0 } })
    expect(books.position()).toBe(6)
  })

  it('pass over events where no reading waits', () => {
    const books = fresh()
    books.extend(5, 0)
    expect(books.position()).toBe(5)
  })

  it('leave a gap behind a jump, and hold the log until it is drained', () => {
    const books = fresh()
    books.extend(100, 100)
    books.jump()
    books.extend(110, 10)
    books.settle(books.live(), 110, delivered(10))
    expect(books.gaps()).toMatchObject([{ from: 0, to: 100, left: 100 }])
    expect(books.position()).toBe(0)
    books.settle(books.gaps()[0]!, 100, delivered(100))
    expect(books.gaps()).toEqual([])
    expect(books.position()).toBe(110)
    expect(books.ledger()).toMatchObject({ received: 110, delivered: 110, queued: 0 })
  })

  it('make one gap of two that touch', () => {
    const books = fresh()
    books.extend(10, 10)
    books.jump()
    books.extend(20, 10)
    books.jump()
    expect(books.gaps()).toMatchObject([{ from: 0, to: 20, left: 20 }])
  })

  it('stay bounded however often the live lane jumps, and balance all the same', () => {
    const books = fresh()
    for (let i = 0; i < 1_000; i++) {
      books.extend(i * 10 + 5, 5)
      books.settle(books.live(), i * 10 + 5, delivered(5))
      books.extend(i * 10 + 10, 5)
      books.jump()
    }
    expect(books.gaps().length).toBeLessThanOrEqual(64)
    expect(books.ledger()).toMatchObject({ received: 10_000, delivered: 5_000, queued: 5_000 })
    while (books.gaps().length > 0) {
      const gap = books.gaps()[0]!
      books.settle(gap, gap.to, delivered(gap.to - gap.from))
    }
    expect(books.ledger()).toMatchObject({ received: 10_000, delivered: 10_000, queued: 0 })
  })

  it('count history from before the target as it is read', () => {
    const books = createBooks()
    books.load(undefined, 101)
    books.extendUncounted(200)
    books.extend(210, 10)
    expect(books.ledger()).toMatchObject({ received: 10, queued: 10 })
    expect(books.gaps()).toMatchObject([{ from: 100, to: 200, left: null }])
    books.settle(books.gaps()[0]!, 200, delivered(90))
    expect(books.ledger()).toMatchObject({ received: 100, delivered: 90, queued: 10 })
  })

  it('count what the disk quota removed as dropped', () => {
    const books = fresh()
    books.extend(100, 80)
    books.jump()
    books.extend(200, 80)
    books.removed(101)
    expect(books.ledger()).toMatchObject({ received: 160, queued: 80, dropped: { quota: 80 } })
    expect(books.gaps()).toEqual([])
    expect(books.position()).toBe(100)
  })

  it('put a guess about removed readings right when the stretch ends', () => {
    const books = fresh()
    books.extend(100, 60)
    books.jump()
    books.removed(51)
    expect(books.ledger()).toMatchObject({ received: 60, queued: 10, dropped: { quota: 50 } })
    // Of the 50 entries that went, only 25 were readings: 35 are still found.
    books.settle(books.gaps()[0]!, 100, delivered(35))
    expect(books.ledger()).toMatchObject({ received: 60, delivered: 35, queued: 0, dropped: { quota: 25 } })
  })

  it('move a dead letter that was taken at last', () => {
    const books = fresh()
    books.extend(1, 1)
    books.settle(books.live(), 1, { delivered: 0, deadLettered: 1, unwritable: 0 })
    books.redelivered()
    expect(books.ledger()).toMatchObject({ received: 1, delivered: 1, deadLettered: 0 })
  })

  it('balance at any moment, over restarts, and end with nothing queued', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('extend' as const), entries: fc.integer({ min: 1, max: 50 }), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
      fc.record({ do: fc.constant('settle' as const), gap: fc.boolean(), entries: fc.integer({ min: 1, max: 60 }), bad: fc.boolean() }),
      fc.record({ do: fc.constantFrom('jump' as const, 'restart' as const) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let books = fresh()
        const isReading: boolean[] = [false]
        let received = 0
        const readingsIn = (from: number, to: number): number => isReading.slice(from + 1, to + 1).filter(Boolean).length
        const settle = (stretch: ReturnType<Books['live']>, to: number, bad: boolean): void => {
          const count = readingsIn(stretch.from, to)
          books.settle(stretch, to, bad ? { delivered: 0, deadLettered: count, unwritable: 0 } : delivered(count))
        }
        for (const one of steps) {
          if (one.do === 'extend') {
            for (let i = 0; i < one.entries; i++) isReading.push(i < one.entries * one.share)
            const readings = readingsIn(isReading.length - 1 - one.entries, isReading.length - 1)
            received += readings
            books.extend(isReading.length - 1, readings)
          } else if (one.do === 'settle') {
            const stretch = (one.gap ? books.gaps()[0] : undefined) ?? books.live()
            settle(stretch, Math.min(stretch.to, stretch.from + one.entries), one.bad)
          } else if (one.do === 'jump') books.jump()
          else books = reopened(books)
          const line = books.ledger()
          expect(line.received).toBe(received)
          expect(line.received).toBe(line.delivered + line.queued + line.deadLettered + line.dropped['unwritable']! + line.dropped['quota']!)
        }
        for (const stretch of [...books.gaps(), books.live()]) settle(stretch, stretch.to, false)
        expect(books.ledger()).toMatchObject({ received, queued: 0, dropped: { unwritable: 0, quota: 0 } })
        expect(books.position()).toBe(isReading.length - 1)
      }),
    )
  })
})
