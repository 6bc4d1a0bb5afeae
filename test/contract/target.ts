import { describe, expect, it, onTestFinished } from 'vitest'
import type { Delivery, Target } from '../../gateway/kernel/contracts.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'

/** The other side of a target, real, on a free port of loopback. */
export interface OtherSide {
  /** What arrived, in order. */
  received(): readonly CloudEvent[]
  /** Goes away, connections and all; comes back under the same address. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  /** Takes what comes and never answers; false: answers again. */
  hang(on: boolean): void
  stop(): Promise<void>
}

export interface TargetSetup {
  /** Fresh for every test. */
  readonly open: () => Promise<{ readonly target: Target; readonly other: OtherSide }>
  /** Is there another side that can be away? (the gateway's own broker cannot) */
  readonly remote: boolean
}

export function makeDelivery(members: Partial<Delivery> = {}): Delivery {
  return {
    id: '1', target: 'lamp', orderKey: 'a1', idempotencyKey: 'key-1', attempt: 1, createdAt: 0,
    event: {
      specversion: '1.0', id: 'e1', type: 'limen.alarm.raised', source: 'ward-3', subject: 'bed-1', time: '2026-01-01T00:00:00.000Z',
      datacontenttype: 'application/json', data: { device: 'bed-1', message: 'SpO₂ 84 % "low"\n' },
    },
    ...members,
  }
}

const patient = (): AbortSignal => AbortSignal.timeout(10_000)

/** What the runner relies on, of every target. */
export function describeTarget(name: string, { open, remote }: TargetSetup): void {
  async function start(): Promise<{ target: Target; other: OtherSide }> {
    const { target, other } = await open()
    onTestFinished(async () => {
      await target.stop?.()
      await other.stop()
    })
    await target.start?.()
    return { target, other }
  }

  describe(`${name} as a target`, () => {
    it('hands over the very event and says accepted', async () => {
      const { target, other } = await start()
      const delivery = makeDelivery()
      expect(await target.send([delivery], patient())).toMatchObject([{ kind: 'accepted' }])
      expect(other.received()).toEqual([delivery.event])
    })

    it('gives one outcome per delivery', async () => {
      const { target, other } = await start()
      const batch = ['e1', 'e2', 'e3'].map((id) => makeDelivery({ id, event: { ...makeDelivery().event, id } }))
      expect(await target.send(batch, patient())).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }, { kind: 'accepted' }])
      expect(other.received().map(({ id }) => id)).toEqual(['e1', 'e2', 'e3'])
    })

    it('takes calls for several order keys at the same time', async () => {
      const { target, other } = await start()
      const ids = ['e1', 'e2', 'e3', 'e4']
      const outcomes = await Promise.all(ids.map((id) => target.send([makeDelivery({ id, orderKey: id, event: { ...makeDelivery().event, id } })], patient())))
      expect(outcomes.flat().map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
      expect(other.received().map(({ id }) => id).sort()).toEqual(ids)
    })

    it('can be stopped twice', async () => {
      const { target } = await start()
      await target.send([makeDelivery()], patient())
      await target.stop?.()
      await target.stop?.()
    })

    if (!remote) return

    it('says try again, and does not throw, while the other side is away; goes on when it is back', async () => {
      const { target, other } = await start()
      expect(await target.send([makeDelivery()], patient())).toMatchObject([{ kind: 'accepted' }])
      await other.goAway()
      const [outcome] = await target.send([makeDelivery()], patient())
      expect(outcome).toMatchObject({ kind: 'retry', reason: expect.stringMatching(/./) as string })
      await other.comeBack()
      expect(await target.send([makeDelivery()], patient())).toMatchObject([{ kind: 'accepted' }])
      expect(other.received()).toHaveLength(2)
    })

    it('ends at once when aborted, and says try again with the reason it was given', async () => {
      const { target, other } = await start()
      other.hang(true)
      const abort = new AbortController()
      const sending = target.send([makeDelivery()], abort.signal)
      setTimeout(() => abort.abort(new Error('no answer within 10000 ms')), 100)
      expect(await sending).toEqual([{ kind: 'retry', reason: 'no answer within 10000 ms' }])
      other.hang(false)
      expect(await target.send([makeDelivery()], patient())).toMatchObject([{ kind: 'accepted' }])
    })
  })
}
