import type { AlarmEventName } from '../../gateway/kernel/alarm.ts'
import type { Publication, TechnicalCondition } from '../../gateway/kernel/contracts.ts'
import type { Device } from '../../gateway/kernel/device-contracts.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Value } from '../../gateway/kernel/reading.ts'
import type { CommandSpec } from '../../gateway/kernel/rule.ts'
import { type CommandsOptions, createCommands } from '../../gateway/devices/commands.ts'
import { type FakeClock, createFakeClock } from '../support/fake-clock.ts'
import { type MemoryStore, createMemoryStore } from '../support/memory-store.ts'
import { type Step, makeRule, makeTransition } from '../support/transitions.ts'

/** The payload of a command topic. */
export interface SentCommand { readonly id: string; readonly seq: number; readonly value: Value; readonly issuedAt: string; readonly ttlMs: number; readonly cause: string }

export function makeSpec(members: Partial<CommandSpec> = {}): CommandSpec {
  return { device: 'fan-1', actuator: 'power', value: 'on', ttlMs: 30_000, release: 'hold', safeValue: undefined, confirm: 'ack', doneWithinMs: 10_000, ...members }
}

export interface CommandBench {
  readonly clock: FakeClock
  readonly store: MemoryStore
  readonly commands: ReturnType<typeof createCommands>
  readonly published: Publication[]
  readonly events: NewEvent[]
  readonly conditions: TechnicalCondition[]
  /** `on @1`, value and seq of every command sent since the last look. */
  sent(): string[]
  last(): SentCommand
  /** A transition of an alarm whose rule gives these commands. */
  happen(event: AlarmEventName, specs?: readonly CommandSpec[], step?: Step): void
  /** The device answers the last command. */
  ack(status: string, members?: object): { readonly ok: boolean; readonly reason?: string }
  report(value: Value, device?: string, actuator?: string): void
  /** Subscribes (true) or leaves. */
  listen(on: boolean): void
  /** Says online or offline, as the registry tells it. */
  say(status: 'online' | 'offline'): void
  types(): string[]
  /** Kills the gateway and starts it again `downMs` later; nobody is connected then. */
  restart(downMs?: number): Promise<CommandBench>
}

export interface BenchSetup {
  readonly options?: CommandsOptions
  readonly clock?: FakeClock
  readonly store?: MemoryStore
  readonly listening?: boolean
}

export async function openCommands({ options = {}, listening = true, ...given }: BenchSetup = {}): Promise<CommandBench> {
  const clock = given.clock ?? createFakeClock()
  const store = given.store ?? createMemoryStore({ auto: true, clock })
  const published: Publication[] = []
  const events: NewEvent[] = []
  const conditions: TechnicalCondition[] = []
  const listeners = new Set<() => void>()
  let covered = listening
  let status: Device['status'] = 'unknown'
  let seen = 0
  const commands = createCommands(options, {
    store, clock, logger: silentLogger, random: () => 0.5,
    announcer: { announce: (publication) => published.push(publication) },
    reachability: {
      covered: () => covered,
      onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    statusOf: () => status,
    emit: (event) => events.push(event),
    onCondition: (condition) => conditions.push(condition),
  })
  await commands.restore(store)
  await commands.start()
  const payload = ({ payload: text }: Publication): SentCommand => JSON.parse(String(text)) as SentCommand
  return {
    clock, store, commands, published, events, conditions,
    sent() {
      const found = published.slice(seen).map((publication) => `${String(payload(publication).value)} @${payload(publication).seq}`)
      seen = published.length
      return found
    },
    last: () => payload(published.at(-1)!),
    happen(event, specs = [makeSpec()], step = {}) {
      commands.onTransition(makeTransition(event, { ...step, rule: makeRule({ then: specs.map((command) => ({ command })), ...step.rule }) }))
    },
    ack: (word, members = {}) => commands.acknowledged('fan-1', 'power', Buffer.from(JSON.stringify({ id: payload(published.at(-1)!).id, status: word, ...members }))),
    report(value, device = 'fan-1', actuator = 'power') {
      commands.reported({
        series: { id: 0, storedId: 0, device, metric: actuator }, value, quality: 'good', unit: undefined, ts: clock.wall(), tsGiven: false, seq: undefined, receivedAt: clock.wall(), k: 0,
      })
    },
    listen(on) {
      covered = on
      for (const listener of listeners) listener()
    },
    say(word) {
      status = word
      commands.presence('fan-1', word === 'online')
    },
    types: () => events.map(({ type }) => type.replace('limen.command.', '')),
    async restart(downMs = 0) {
      await clock.advance(0)
      // The timers of a killed process never fire: the next one has a clock of its own.
      return openCommands({ options, clock: createFakeClock({ wallMs: clock.wall() + downMs, monotonicMs: 1_000 }), store: store.crash(), listening: false })
    },
  }
}
