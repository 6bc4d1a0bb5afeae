import type { BacktestDesk, TrialOrder, TrialOutcome } from '../../gateway/kernel/backtest.ts'
import type { Alarm, OperatorAction, OperatorOutcome } from '../../gateway/kernel/alarm.ts'
import type { Accept, AlarmView, Authenticator, DeadLetter, DeliveryDesk, Incoming, LoginThrottle, Receipt, StoreWriter } from '../../gateway/kernel/contracts.ts'
import type { Command, CommandDesk, Device, DeviceRegistry } from '../../gateway/kernel/device-contracts.ts'
import type { CloudEvent } from '../../gateway/kernel/event.ts'
import type { Principal, Role } from '../../gateway/kernel/principal.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'

export function anAlarm(change: Partial<Alarm> = {}): Alarm {
  return {
    id: 'hr-high.bed-1', key: 'bed-1', class: 'process', rule: 'hr-high', device: 'bed-1', metric: 'heart_rate', state: 'unacked', active: true, overlays: [],
    level: 'hi', priority: 'high', value: 140, unit: '1/min', limit: 130, message: 'Heart rate high', quality: 'good', restored: false, labels: { ward: 'east' },
    occurrence: 1, seq: 1, raisedAt: '2026-01-01T00:00:00.000Z', changedAt: '2026-01-01T00:00:00.000Z', acknowledgedAt: null, acknowledgedBy: null,
    shelvedUntil: null, idempotencyKey: 'k', ...change,
  }
}

export function aRule(id: string): Rule {
  return {
    id, class: 'process', on: { metric: 'heart_rate' }, when: { kind: 'level', spec: { hi: 130 } }, forMs: 0, clearForMs: 0, staleMs: undefined, unit: undefined, priority: 'high',
    latch: false, ack: 'required', key: 'device', schedule: undefined, realarmMs: undefined, escalateMs: [], message: 'Heart rate high', then: [], mode: 'live', source: { file: 'rules/a.yaml', line: 1 }, version: '1', conditionVersion: '1',
  }
}

export function createAlarmBoard(alarms: readonly Alarm[] = []): AlarmView & { readonly byId: Map<string, Alarm> } {
  const byId = new Map(alarms.map((alarm) => [alarm.id, alarm]))
  return { byId, get: (id) => byId.get(id), list: () => [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) }
}

export function createDeviceShelf(ids: readonly string[] = []): DeviceRegistry {
  const devices = new Map<string, Device>()
  const registry: DeviceRegistry = {
    get: (id) => devices.get(id),
    list: ({ after = '', limit }) => [...devices.values()].filter((device) => device.id > after).sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit),
    count: () => devices.size,
    labels: (id) => devices.get(id)?.labels ?? {},
    type: (id) => devices.get(id)?.type ?? null,
    settings: (id) => devices.get(id)?.settings ?? {},
    put(id, change) {
      const before = devices.get(id) ?? { id, type: null, labels: {}, settings: {}, status: 'unknown' as const, firstSeen: 0, lastSeen: 0, metrics: {} }
      const after = { ...before, ...change }
      devices.set(id, after)
      return after
    },
  }
  for (const id of ids) registry.put(id, {})
  return registry
}

export function createCommandShelf(): CommandDesk {
  const commands = new Map<string, Command>()
  return {
    request({ device, actuator, value, ttlMs = 30_000, by }) {
      const command: Command = {
        id: `c${commands.size + 1}`, seq: commands.size + 1, device, actuator, value, issuedAt: '2026-01-01T00:00:00.000Z', ttlMs, cause: `manual:${by}`,
        status: 'issued', reason: null, tries: 0, changedAt: '2026-01-01T00:00:00.000Z',
      }
      commands.set(command.id, command)
      return command
    },
    get: (id) => commands.get(id),
    list: ({ after = '', limit }) => [...commands.values()].filter((command) => command.id > after).slice(0, limit),
    acknowledged: () => ({ ok: true }),
    reported() {},
    presence() {},
    onTransition() {},
  }
}

export function createDeliveryShelf(letters: readonly string[] = []): DeliveryDesk & { readonly done: string[] } {
  const event: CloudEvent = { specversion: '1.0', id: 'e', type: 'limen.alarm.raised', source: 'test', time: '2026-01-01T00:00:00.000Z' }
  const left = new Map<string, DeadLetter>(
    letters.map((id) => [id, { id, target: 'hook', event, idempotencyKey: id, cause: 'HTTP 400', createdAt: event.time, failedAt: event.time, attempts: [{ at: event.time, answer: '400' }] }]),
  )
  const done: string[] = []
  return {
    done,
    ledger: () => ({ hook: { received: 3, delivered: 1, queued: 1, deadLettered: left.size, dropped: { superseded: 0 } } }),
    deadLetters: async ({ after = '', limit }) => [...left.values()].filter((letter) => letter.id > after).slice(0, limit),
    waiting: (alarmId) => [{ target: 'hook', event: `of ${alarmId}`, attempts: 2, createdAt: event.time, nextTryAt: event.time, expiresAt: event.time }],
    async redrive(id, by) {
      done.push(`redrive ${id} by ${by}`)
      return left.delete(id)
    },
    async discard(id, by, why) {
      done.push(`discard ${id} by ${by}: ${why}`)
      return left.delete(id)
    },
  }
}

export interface FakeUsers extends Authenticator, LoginThrottle {
  add(name: string, role: Role): void
  revoke(name: string): void
  slowBy(ms: number): void
}

/** Everybody's password is their name twice. */
export function createFakeUsers(): FakeUsers {
  const users = new Map<string, Principal>()
  const listeners = new Set<() => void>()
  let slowMs = 0
  return {
    add: (name, role) => void users.set(name, { kind: 'user', name, role }),
    revoke(name) {
      users.delete(name)
      for (const listener of listeners) listener()
    },
    slowBy(ms) {
      slowMs = ms
    },
    waitMs: () => slowMs,
    device: async () => null,
    user: async ({ name, password }) => (password === name + name ? (users.get(name) ?? null) : null),
    stillValid: (principal) => users.get(principal.name) === principal,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    hasDeviceCredential: () => true,
    hasUser: (role) => [...users.values()].some((user) => user.kind === 'user' && user.role === role),
  }
}

export interface FakeDoor { accept: Accept; readonly taken: Incoming[]; failNext(error: Error): void; refuseNext(outcome: OperatorOutcome): void; receiptOfNext(receipt: Receipt): void }

/** The door with nothing behind it but the store: actions change the board, events and own events are appended. */
export function createDoor(deps: { store: StoreWriter; board: Map<string, Alarm>; commands: CommandDesk }): FakeDoor {
  const taken: Incoming[] = []
  let failure: Error | undefined
  let refusal: OperatorOutcome | undefined
  let given: Receipt | undefined

  function act(action: OperatorAction): OperatorOutcome {
    const outcome = refusal
    refusal = undefined
    if (outcome !== undefined) return outcome
    const alarm = deps.board.get(action.id ?? '')
    if (alarm === undefined) return { ok: false, code: 'NOT_FOUND', reason: 'no such alarm', transitions: [] }
    const after = { ...alarm, state: 'acked' as const, acknowledgedBy: action.by, seq: alarm.seq + 1 }
    deps.board.set(alarm.id, after)
    return { ok: true, alarm: after, transitions: [] }
  }

  function receiptOf(input: Incoming): Receipt {
    switch (input.kind) {
      case 'action':
        return { taken: true, outcome: act(input.action) }
      case 'command':
        return { taken: true, commandId: deps.commands.request(input.command).id }
      case 'event':
        if (input.event.type === 'limen.reading' && (input.event.data as { value?: unknown } | undefined)?.value === undefined) return { taken: false, reason: 'data.value is missing' }
        deps.store.appendEvent(input.event)
        return { taken: true }
      case 'own-event':
        deps.store.appendEvent({ specversion: '1.0', id: `own-${taken.length}`, source: 'test', time: '2026-01-01T00:00:00.000Z', ...input.event })
        return { taken: true }
      case 'publish':
        return { taken: true }
      default:
        return input satisfies never
    }
  }

  return {
    taken,
    failNext(error) {
      failure = error
    },
    receiptOfNext(receipt) {
      given = receipt
    },
    refuseNext(outcome) {
      refusal = outcome
    },
    accept(input, done) {
      taken.push(input)
      const error = failure
      failure = undefined
      if (error !== undefined) {
        queueMicrotask(() => done(error, { taken: true }))
        return
      }
      const receipt = given ?? receiptOf(input)
      given = undefined
      deps.store.onDisk((failed) => done(failed, receipt))
    },
  }
}

export interface TrialShelf extends BacktestDesk {
  readonly orders: TrialOrder[]
  /** Of the next trial, instead of nothing found; a promise: not before that. */
  next(outcome: TrialOutcome | Promise<TrialOutcome> | Error): void
  /** Signals that came. */
  aborted(): number
}

/** Trials that find what a test says. */
export function createTrialShelf(): TrialShelf {
  const orders: TrialOrder[] = []
  let coming: TrialOutcome | Promise<TrialOutcome> | Error | undefined
  let aborted = 0
  return {
    orders,
    next: (outcome) => void (coming = outcome),
    aborted: () => aborted,
    async try(order, signal) {
      orders.push(order)
      signal.addEventListener('abort', () => aborted++, { once: true })
      const outcome = coming
      coming = undefined
      if (outcome instanceof Error) throw outcome
      return (await outcome) ?? { ok: true, json: new TextEncoder().encode('{"items":[]}') }
    },
    stop: async () => {},
  }
}
