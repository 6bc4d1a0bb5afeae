import { effect, signal } from '@preact/signals'
import type { Alarm } from '../data/alarm-list.ts'
import { connection, standing } from '../data/state.ts'

const spoken = signal('')
const said = new Set<string>()
let primed = false

/** Once per occurrence; what stood when the page was opened is no news. */
effect(() => {
  if (connection.value.state === 'loading' || connection.value.state === 'failed') return
  const fresh: Alarm[] = []
  for (const alarm of standing.value) {
    if (alarm.priority !== 'high' || alarm.state !== 'unacked') continue
    const key = `${alarm.id} ${alarm.occurrence} ${alarm.level ?? ''}`
    if (said.has(key)) continue
    said.add(key)
    if (primed) fresh.push(alarm)
  }
  primed = true
  if (fresh.length > 0) spoken.value = fresh.map(({ message, device }) => `High priority alarm: ${message}${device === null || message.includes(device) ? '' : `, ${device}`}`).join('. ')
})

/** For screen readers: a new high-priority alarm, once. */
export function AlertSpeaker() {
  return <div class="visually-hidden" role="alert">{spoken.value}</div>
}
