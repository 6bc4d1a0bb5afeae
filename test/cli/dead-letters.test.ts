import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { deadLettersCommand } from '../../gateway/cli/dead-letters.ts'
import type { CliDeps } from '../../gateway/cli/deps.ts'
import { loadConfig } from '../../gateway/config/load.ts'
import { createDelivery } from '../../gateway/delivery/delivery.ts'
import { systemClock } from '../../gateway/kernel/clock.ts'
import type { DeadLetter } from '../../gateway/kernel/contracts.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import { type SqliteStore, createStore } from '../../gateway/store/store.ts'
import { scriptedTarget } from '../delivery/desk.ts'
import { eventually } from '../support/eventually.ts'
import { createHttpReceiver } from '../support/http-receiver.ts'
import { tempDir } from '../support/temp-dir.ts'
import { eventOf, makeRule, makeTransition, notify } from '../support/transitions.ts'

let cwd: string
let deps: CliDeps
let stdout: PassThrough
let stderr: PassThrough

beforeEach(async () => {
  cwd = tempDir()
  stdout = new PassThrough()
  stderr = new PassThrough()
  deps = {
    stdout, stderr, stdin: new PassThrough(), env: { USER: 'ann' }, cwd, clock: systemClock,
    loadConfig: (path, overrides) => loadConfig({ path, overrides, env: {}, cwd }), onStopSignal: () => () => undefined,
  }
  await writeFile(join(cwd, 'limen.yaml'), 'targets: { lamp: { webhook: { url: "http://127.0.0.1:9" } } }\n')
})

const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
const run = (...args: string[]): Promise<number> => deadLettersCommand(args, deps)

async function openStore(): Promise<SqliteStore> {
  const store = createStore({ directory: join(cwd, 'data') }, { onFatal: (error) => { throw error } })
  await store.start()
  return store
}

describe('limen dead-letters', () => {
  it.each([
    [[], 'needs to know what to do'], [['show'], 'cannot "show"'], [['redrive'], 'needs ID…'], [['discard', '1'], 'needs a reason'], [['list', '--all'], 'unknown option --all'], [['list', '1'], 'does not take "1"'],
  ])('says what to write instead of %j', async (args, message) => {
    await expect(run(...args)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) as string, remedy: expect.stringMatching(/./) as string })
  })

  it('says so when there is no data directory', async () => {
    await expect(run('list')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('limen dead-letters on a stopped gateway', () => {
  /** A gateway ran, two webhooks of `lamp` and one of a target that is gone were refused. */
  async function leaveDeadLetters(): Promise<void> {
    const store = await openStore()
    const lamp = scriptedTarget(() => ({ kind: 'refused', reason: 'HTTP 404: no\u001b[31m such hook' }))
    const delivery = createDelivery({}, {
      store, clock: systemClock, logger: silentLogger, random: Math.random, onCondition: () => {}, emit: () => {},
      targets: new Map([['lamp', { target: lamp, timeoutMs: 1_000 }], ['gone', { target: lamp, timeoutMs: 1_000 }]]),
    })
    await delivery.restore(store)
    await delivery.start()
    for (const [id, target] of [['a1', 'lamp'], ['a2', 'lamp'], ['a3', 'gone']] as const) {
      const transition = makeTransition('raised', { alarm: { id, key: `bed-${id}` }, rule: makeRule({ then: [notify(target)] }) })
      delivery.onTransition(transition, eventOf(transition))
    }
    await eventually('three dead letters', async () => (await delivery.deadLetters({ limit: 10 })).length === 3)
    await delivery.stop()
    await store.stop()
  }

  it('lists them, with nothing in it that steers the terminal', async () => {
    await leaveDeadLetters()
    expect(await run('list')).toBe(0)
    const lines = text(stdout).split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatch(/^id +target +since +event +tries +cause$/)
    expect(lines[1]).toMatch(/^0000000001 {2}lamp {4}\d{4}-\S+Z {2}limen\.alarm\.raised bed-a1 {2}1 {6}HTTP 404: no \[31m such hook$/)
  })

  it('sends one again at the next start, under the same key', async () => {
    await leaveDeadLetters()
    expect(await run('redrive', '0000000002')).toBe(0)
    expect(text(stderr)).toBe('0000000002 is sent again to its target\n')
    const store = await openStore()
    onTestFinished(() => store.stop())
    const lamp = scriptedTarget()
    const delivery = createDelivery({}, {
      store, clock: systemClock, logger: silentLogger, random: Math.random, onCondition: () => {}, emit: () => {}, targets: new Map([['lamp', { target: lamp, timeoutMs: 1_000 }]]),
    })
    await delivery.restore(store)
    await delivery.start()
    await eventually('it is sent', () => lamp.calls.length === 1)
    expect(lamp.calls[0]).toMatchObject({ orderKey: 'a2' })
    await eventually('the books', () => delivery.ledger()['lamp']!.delivered === 1)
    expect(delivery.ledger()['lamp']).toEqual({ received: 2, delivered: 1, queued: 0, deadLettered: 1, dropped: {} })
    await delivery.stop()
  })

  it('discards with who and why, goes on after an unknown id, and says so by its exit code', async () => {
    await leaveDeadLetters()
    expect(await run('discard', '0000000001', '7', '0000000003', '--why', 'a test')).toBe(1)
    expect(text(stderr)).toContain('there is no dead letter 7')
    expect(await run('list')).toBe(0)
    expect(text(stdout).split('\n')).toHaveLength(3)
    const store = await openStore()
    onTestFinished(() => store.stop())
    const { entries } = await store.read({ after: 0, limit: 10, kinds: ['mark'] })
    expect(entries).toMatchObject([{ mark: { id: '0000000001', by: 'ann on the command line', why: 'a test' } }, { mark: { id: '0000000003' } }])
  })

  it('refuses to send to a target that is not configured any more', async () => {
    await leaveDeadLetters()
    await expect(run('redrive', '0000000003')).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it('says that there are none', async () => {
    await (await openStore()).stop()
    expect(await run('list')).toBe(0)
    expect([text(stdout), text(stderr)]).toEqual(['', 'no dead letters wait\n'])
  })

  it('does not count as time in which the gateway was alive', async () => {
    await leaveDeadLetters()
    const before = await openStore()
    const alive = before.lastAlive()
    await before.stop()
    await run('discard', '0000000001', '--why', 'x')
    const after = await openStore()
    expect(after.lastAlive()).toEqual(alive)
    await after.stop()
  })

  it('is not misled by the file of a gateway that was killed', async () => {
    await leaveDeadLetters()
    const receiver = await createHttpReceiver()
    await receiver.goAway()
    await writeFile(join(cwd, 'data', 'control.json'), JSON.stringify({ http: receiver.url, token: 't', pid: 1 }))
    expect(await run('list')).toBe(0)
    expect(text(stdout).split('\n')).toHaveLength(5)
  })
})

describe('limen dead-letters on a running gateway', () => {
  const letter = (id: string): DeadLetter => ({
    id, target: 'lamp', event: eventOf(makeTransition('raised')), idempotencyKey: `key ${id}`, cause: 'HTTP 404', createdAt: '2026-01-01T00:00:00.000Z', failedAt: '2026-01-01T00:00:01.000Z', attempts: [],
  })

  /** Speaks the API's dead-letter routes, a page of one letter each. */
  async function listen(ids: readonly string[]) {
    const store = await openStore()
    await store.stop()
    const receiver = await createHttpReceiver()
    onTestFinished(() => receiver.goAway())
    receiver.answer = ({ method, url, headers }, response) => {
      const answer = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (headers.authorization !== 'Bearer t0ken') return answer(401, { title: 'log in' })
      const { pathname, searchParams } = new URL(url, receiver.url)
      if (method === 'GET') {
        const at = ids.indexOf(searchParams.get('after') ?? '') + 1
        return answer(200, { items: ids.slice(at, at + 1).map(letter), next: at + 1 < ids.length ? ids[at]! : null })
      }
      const id = pathname.split('/')[4]!
      if (id === 'busy') return answer(409, { title: 'Conflict', detail: 'there is no target "gone" any more' })
      return ids.includes(id) ? void response.writeHead(204).end() : answer(404, { title: 'none' })
    }
    await writeFile(join(cwd, 'data', 'control.json'), JSON.stringify({ http: receiver.url, token: 't0ken', pid: 1 }))
    return receiver
  }

  it('lists every page', async () => {
    await listen(['1', '2', '3'])
    expect(await run('list')).toBe(0)
    expect(text(stdout).split('\n').slice(1, -1).map((line) => line.split(' ')[0])).toEqual(['1', '2', '3'])
  })

  it('sends again and discards by its API', async () => {
    const receiver = await listen(['1', '2'])
    expect(await run('redrive', '1', 'x')).toBe(1)
    expect(await run('discard', '2', '--why', 'no & nobody')).toBe(0)
    expect(receiver.requests.filter(({ method }) => method !== 'GET').map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /api/v1/dead-letters/1/redrive', 'POST /api/v1/dead-letters/x/redrive', 'DELETE /api/v1/dead-letters/2?why=no%20%26%20nobody',
    ])
  })

  it('hands on what the gateway says', async () => {
    await listen(['1'])
    await expect(run('redrive', 'busy')).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('there is no target "gone" any more') as string })
    await writeFile(join(cwd, 'data', 'control.json'), JSON.stringify({ http: (await listen(['1'])).url, token: 'other', pid: 1 }))
    await expect(run('list')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  })

  it('names a control file it cannot read', async () => {
    await listen([])
    await writeFile(join(cwd, 'data', 'control.json'), '{')
    await expect(run('list')).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('control.json') as string })
  })
})
