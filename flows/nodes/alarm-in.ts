import { createFace } from './lib/face.ts'
import { compileGlob } from './lib/glob.ts'
import { readObject } from './lib/json.ts'
import type { Limen } from './lib/limen.ts'
import type { Received } from './lib/link.ts'
import type { FlowNode, Red } from './lib/node-red-api.ts'
import { choices, fieldOf, registerNode } from './lib/register.ts'
import { wordOf } from './lib/word.ts'

interface Config { readonly events?: string; readonly priorities?: string; readonly rule?: string; readonly device?: string; readonly standing?: boolean }

type Members = Readonly<Record<string, unknown>>

/** Alarms whose level and occurrence are remembered. */
const maxAlarms = 10_000
const prefix = 'limen.alarm.'

/** `limen alarm in`: what happens to alarms, and those that stand when the flow starts. */
export function register(red: Red): void {
  registerNode<Config>(red, 'limen alarm in', wire)
}

function wire(node: FlowNode, config: Config, limen: Limen): void {
  const events = choices(config.events)
  const priorities = choices(config.priorities)
  const isRule = compileGlob(fieldOf(config.rule) || '*')
  const isDevice = compileGlob(fieldOf(config.device) || '*')
  const face = createFace(node, limen.link)
  const seen = new Map<string, { readonly occurrence: unknown; readonly rank: number }>()

  function isWanted(alarm: Members): boolean {
    return (priorities.size === 0 || priorities.has(wordOf(alarm['priority']))) && isRule(wordOf(alarm['rule'])) && isDevice(wordOf(alarm['device'] ?? alarm['key']))
  }

  function remember(alarm: Members): { readonly occurrence: unknown; readonly rank: number } | undefined {
    const id = wordOf(alarm['id'])
    const before = seen.get(id)
    seen.delete(id)
    seen.set(id, { occurrence: alarm['occurrence'], rank: rankOf(alarm) })
    if (seen.size > maxAlarms) seen.delete(seen.keys().next().value!)
    return before
  }

  function send(event: string, alarm: Members, more: Members): void {
    face.last(`${event}: ${wordOf(alarm['rule'])} (${wordOf(alarm['device'] ?? alarm['key'])})`)
    node.send({ topic: `${wordOf(alarm['rule'])}/${wordOf(alarm['key'])}`, payload: alarm, alarm, event, ...more })
  }

  function takeEvent({ payload }: Received): void {
    const cloudEvent = readObject(payload)
    const data = cloudEvent?.['data']
    if (typeof cloudEvent?.['type'] !== 'string' || !cloudEvent['type'].startsWith(prefix) || typeof data !== 'object' || data === null) return
    const { event: _event, from, by, note, ...alarm } = data as Record<string, unknown>
    const event = cloudEvent['type'].slice(prefix.length)
    const before = remember(alarm)
    if ((events.size > 0 && !events.has(event)) || !isWanted(alarm)) return
    // Of a limit that was passed further out, or a priority that rose; not known from before: an outer limit is a rise.
    const levelUp = event === 'level-changed' && (before === undefined ? isOuter(alarm) : rankOf(alarm) > before.rank)
    send(event, alarm, { levelUp, from, by: by ?? null, note: note ?? null, time: cloudEvent['time'] })
  }

  function takeStanding({ payload, retained }: Received): void {
    // What is not retained has come as an event.
    const alarm = retained && payload.length > 0 ? readObject(payload) : undefined
    if (alarm === undefined) return
    // On a reconnect they come again: only what happened meanwhile is new.
    if (remember(alarm)?.occurrence === alarm['occurrence'] || !isWanted(alarm)) return
    send('standing', alarm, { levelUp: false, from: null, by: null, note: null, time: alarm['changedAt'] })
  }

  const filters = events.size === 0 ? ['limen/events/+'] : [...events].map((event) => `limen/events/${prefix}${event}`)
  const ends = filters.map((filter) => limen.link.subscribe(filter, { take: takeEvent }))
  if (config.standing === true) ends.push(limen.link.subscribe('limen/alarms/+/+', { take: takeStanding, retained: true }))
  node.on('close', () => ends.forEach((end) => end()))
}

const priorityRanks: Readonly<Record<string, number>> = { low: 1, medium: 2, high: 3 }

function rankOf(alarm: Members): number {
  return (priorityRanks[wordOf(alarm['priority'])] ?? 0) * 2 + (isOuter(alarm) ? 1 : 0)
}

function isOuter(alarm: Members): boolean {
  return alarm['level'] === 'lolo' || alarm['level'] === 'hihi'
}
