import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { TrialOutcome } from '../../gateway/kernel/backtest.ts'
import { LimenError } from '../../gateway/kernel/errors.ts'
import { eventually } from '../support/eventually.ts'
import { webScene } from '../support/web-scene.ts'

const url = '/api/v1/rules/backtest'
const dayMs = 86_400_000

function scene() {
  const { call, ...rest } = webScene()
  return { ...rest, post: (payload: object) => call({ method: 'POST', url, payload }) }
}

describe('POST rules/backtest', () => {
  it('hands rules and span over, the last 24 hours where nothing is said', async () => {
    const { post, backtests, clock } = scene()
    const answer = await post({ rules: '- { id: a }' })
    expect([answer.statusCode, answer.headers['content-type'], answer.json()]).toEqual([200, 'application/json; charset=utf-8', { items: [] }])
    await post({ rules: [{ id: 'a' }], from: '2026-01-01T00:00:00Z', to: 1_767_229_200_000 })
    await post({ rules: '', to: '2026-01-02' })
    expect(backtests.orders).toEqual([
      { rules: '- { id: a }', from: clock.wall() - dayMs, to: clock.wall() },
      { rules: [{ id: 'a' }], from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 1, 1) },
      { rules: '', from: Date.UTC(2026, 0, 1), to: Date.UTC(2026, 0, 2) },
    ])
  })

  it.each([
    [{}, 'rules'], [{ rules: 5 }, 'rules'], [{ rules: '', from: 'yesterday' }, 'from'], [{ rules: '', from: 2, to: 1 }, 'to'], [{ rules: '', from: 1, to: 1 }, 'to'], [{ rules: '', from: 0, to: 9e15 }, 'to'], [{ rules: '', form: 1 }, 'form'],
  ])('says what is wrong with %j', async (payload, member) => {
    const { post, backtests } = scene()
    expect((await post(payload)).json()).toMatchObject({ status: 400, code: 'BAD_INPUT', errors: [{ member }] })
    expect(backtests.orders).toEqual([])
  })

  it('says of wrong rules what PUT says', async () => {
    const { post, backtests } = scene()
    backtests.next({ ok: false, text: 'rules:\n', problems: [{ file: 'rules', line: 2, column: 3, path: 'rules[0].on', message: 'is missing', remedy: 'write on: { metric: spo2 }' }] })
    expect((await post({ rules: 'x' })).json()).toMatchObject({ status: 400, code: 'BAD_INPUT', detail: 'rules:2:3 rules[0].on: is missing; write on: { metric: spo2 }', problems: [{ line: 2, column: 3, path: 'rules[0].on', message: 'is missing', remedy: 'write on: { metric: spo2 }' }], text: 'rules:\n' })
  })

  it('asks to come again later where too many are under way', async () => {
    const { post, backtests } = scene()
    backtests.next(new LimenError('OVERLOADED', '2 trials are under way already', { remedy: 'send it again a little later' }))
    const answer = await post({ rules: '' })
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
  })

  it('ends what nobody waits for any more', async () => {
    const { web, backtests } = scene()
    await web.start()
    const { promise, resolve } = Promise.withResolvers<TrialOutcome>()
    backtests.next(promise)
    const body = JSON.stringify({ rules: '' })
    const client = request({ port: web.address()!.port, path: url, method: 'POST', headers: { 'content-type': 'application/json', 'content-length': body.length } })
    client.on('error', () => {})
    client.end(body)
    await eventually('the order to be there', () => backtests.orders.length === 1)
    expect(backtests.aborted()).toBe(0)
    client.destroy()
    await eventually('the trial to be ended', () => backtests.aborted() === 1)
    resolve({ ok: true, json: new Uint8Array() })
  })
})
