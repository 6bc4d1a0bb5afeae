import { join } from 'node:path'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { expect, onTestFinished } from 'vitest'
import { createKpis } from '../../gateway/alarms/kpi-desk.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { Health } from '../../gateway/kernel/live.ts'
import type { FlowsAccess, WebOptions } from '../../gateway/web/context.ts'
import type { Web } from '../../gateway/web/server.ts'
import { createWeb } from '../../gateway/web/server.ts'
import type { ObservedRoutes } from './observed-routes.ts'
import { anAlarm, createAlarmBoard, createCommandShelf, createDeliveryShelf, createDeviceShelf, createDoor, createFakeUsers, createTrialShelf } from './desks.ts'
import { createFakeClock } from './fake-clock.ts'
import { createMemoryStore } from './memory-store.ts'
import { createRuleScene, filesOf } from './rule-scene.ts'

export const controlToken = 'control-token-of-the-test'
export const flowsToken = 'token-of-the-flows-of-the-test'

/** The web room on fakes, on a port of its own once started. */
export function webScene(change: Partial<WebOptions> = {}, observed?: ObservedRoutes, flows?: FlowsAccess) {
  const clock = createFakeClock()
  const store = createMemoryStore({ auto: true, clock })
  const board = createAlarmBoard([anAlarm(), anAlarm({ id: 'hr-high.bed-2', key: 'bed-2', device: 'bed-2', state: 'acked', priority: 'low', active: false })])
  const commands = createCommandShelf()
  const devices = createDeviceShelf(['bed-1', 'bed-2', 'bed-3'])
  const delivery = createDeliveryShelf(['d1', 'd2'])
  const users = createFakeUsers()
  users.add('vera', 'viewer')
  users.add('otto', 'operator')
  users.add('ada', 'admin')
  const rules = createRuleScene({ store, clock })
  void rules.set.begin({ stored: undefined, changes: [], files: filesOf('- { id: b, on: { metric: t }, when: { above: 30 } }\n- { id: a, on: { metric: t }, when: { above: 20 } } # the usual\n') })
  const backtests = createTrialShelf()
  const door = createDoor({ store, board: board.byId, commands })
  const health: { now: Health } = { now: { ready: true, checks: { store: { ok: true, vital: true }, influx: { ok: false, vital: false, detail: 'away' } } } }
  const state = { now: () => ({ stateHash: 'abc', late: 0 }) }
  const web: Web = createWeb(
    {
      host: '127.0.0.1', port: 0, site: 'ward-3', loopbackTrusted: true, dashboardDir: join(import.meta.dirname, 'no-dashboard'),
      tokens: [{ token: controlToken, principal: { kind: 'user', name: 'limen', role: 'admin' } }, { token: flowsToken, principal: { kind: 'user', name: 'flows', role: 'operator' } }],
      ...change,
    },
    {
      accept: (input, done) => door.accept(input, done), store, alarms: board, devices, commands, delivery, rules: rules.desk, backtests, state: () => state.now(), kpis: createKpis({}, { store, alarms: board, rules: () => rules.set.running(), clock, logger: silentLogger }), authenticator: users, clock, logger: silentLogger,
      metrics: [() => [{ name: 'limen_test_total', help: 'A test.', type: 'counter', value: 1 }]],
      flows, health: () => health.now, siteInfo: async () => ({ version: '0.1.0' }),
    },
  )
  onTestFinished(() => web.stop())

  async function call(options: InjectOptions): Promise<LightMyRequestResponse> {
    const answer = await web.inject(options)
    observed?.note(options, answer)
    return answer
  }

  /** Logs in and gives the headers a browser would send. */
  async function logIn(name: string): Promise<Record<string, string>> {
    const answer = await call({ method: 'POST', url: '/api/v1/login', payload: { name, password: name + name } })
    expect(answer.statusCode).toBe(200)
    const cookie = answer.cookies[0]!
    return { cookie: `${cookie.name}=${cookie.value}`, 'x-csrf-token': answer.json<{ csrfToken: string }>().csrfToken }
  }

  async function append(...events: readonly Partial<CloudEvent>[]): Promise<void> {
    for (const event of events) store.appendEvent({ specversion: '1.0', id: 'e', type: 'limen.alarm.raised', source: 'ward-3', time: '2026-01-01T00:00:00.000Z', ...event })
    await new Promise((resolve) => setImmediate(resolve))
  }

  return { web, call, logIn, append, clock, store, board, commands, devices, delivery, users, door, rules, health, backtests, state }
}

export type WebScene = ReturnType<typeof webScene>
