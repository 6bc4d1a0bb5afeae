/** The parts of a CloudEvent (interface.md) that the demonstration shows. */
interface Event { readonly type: string; readonly subject?: string; readonly data?: Readonly<Record<string, unknown>> }

/** What a spectator should have seen once the demonstration has run for a minute. */
export const paths = [
  'alarm raised', 'level changed', 'alarm acknowledged', 'alarm cleared', 'returned and waits for an acknowledgement',
  'device offline', 'sensor stale', 'silence noticed', 'command given', 'command done', 'webhook received',
] as const
export type Path = (typeof paths)[number]

export interface Line { readonly text: string; readonly path: Path | undefined }

/** Turns events into lines. Remembers who went offline: that somebody is online is news only then. */
export function createFeed(): (payload: string) => Line | undefined {
  const away = new Set<string>()
  return (payload) => describe(payload, away)
}

/** One event as a line for people; undefined for what only makes noise. Never throws. */
function describe(payload: string, away: Set<string>): Line | undefined {
  let event: Partial<Event> | null
  try {
    event = JSON.parse(payload) as Partial<Event> | null
  } catch {
    return undefined // not an event of the gateway
  }
  if (typeof event?.type !== 'string') return undefined
  const data = typeof event.data === 'object' && event.data !== null ? event.data : {}
  if (event.type.startsWith('limen.alarm.')) return describeAlarm(event.type.slice('limen.alarm.'.length), data)
  if (event.type.startsWith('limen.command.')) return describeCommand(event.type.slice('limen.command.'.length), data)
  const device = event.subject ?? ''
  if (event.type === 'limen.device.offline') away.add(device)
  else if (event.type !== 'limen.device.online' || !away.delete(device)) return undefined
  return { text: columns('device', event.type.slice('limen.device.'.length), device), path: undefined }
}

function describeAlarm(event: string, data: Readonly<Record<string, unknown>>): Line {
  const text = (name: string): string => (typeof data[name] === 'string' || typeof data[name] === 'number' ? String(data[name]) : '')
  const level = text('level') === '' ? '' : ` ${text('level')}`
  const quality = event === 'quality-changed' ? `, quality ${text('quality')}` : ''
  const by = text('acknowledgedBy') === '' || event !== 'acked' ? '' : ` by ${text('acknowledgedBy')}`
  return {
    text: columns(`${text('priority')} alarm`, `${event}${by}`, `${text('message')}   (${text('rule')}${level}, ${text('state')}${quality})`),
    path: alarmPath(event, text('rule')),
  }
}

function alarmPath(event: string, rule: string): Path | undefined {
  if (event === 'raised' && rule === 'technical.offline') return 'device offline'
  if (event === 'raised' && rule === 'technical.stale') return 'sensor stale'
  if (event === 'raised' && rule === 'smoke-detector-silent') return 'silence noticed'
  switch (event) {
    // A demonstration that goes on with the data of an earlier one finds alarms nobody has acknowledged.
    case 'raised':
    case 'reraised': return 'alarm raised'
    case 'level-changed': return 'level changed'
    case 'acked': return 'alarm acknowledged'
    case 'cleared': return 'alarm cleared'
    case 'returned': return 'returned and waits for an acknowledgement'
    default: return undefined
  }
}

function describeCommand(event: string, data: Readonly<Record<string, unknown>>): Line | undefined {
  if (event === 'sent' || event === 'executing') return undefined
  const reason = typeof data['reason'] === 'string' && data['reason'] !== '' ? `   (${data['reason']})` : ''
  const path = event === 'issued' ? 'command given' : event === 'done' ? 'command done' : undefined
  return { text: columns('command', event, `${String(data['device'])}/${String(data['actuator'])} ← ${String(data['value'])}${reason}`), path }
}

/** Three columns that stay below one another. */
export function columns(what: string, event: string, about: string): string {
  return `${what.padEnd(12)} ${event.padEnd(19)} ${about}`
}
