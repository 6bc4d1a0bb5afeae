import { parseDuration } from './lib/duration.ts'
import type { Message, Red } from './lib/node-red-api.ts'
import { createOut, nameOf } from './lib/out.ts'
import { BadField, fieldOf, registerNode } from './lib/register.ts'
import { wordOf } from './lib/word.ts'

interface Config { readonly action?: string; readonly alarm?: string; readonly for?: string; readonly note?: string; readonly oneShot?: boolean }

const actions = ['ack', 'shelve', 'unshelve', 'comment', 'reset', 'suppress', 'unsuppress']

/** `limen alarm action`: does what an operator would do, under the name of the flow. A refusal goes to catch nodes in the gateway's words. */
export function register(red: Red): void {
  registerNode<Config>(red, 'limen alarm action', (node, config, limen) => {
    const given = { action: fieldOf(config.action), alarm: fieldOf(config.alarm), for: fieldOf(config.for), note: fieldOf(config.note) }
    createOut({ red, node, limen }, async (message) => {
      const action = actionOf(given.action || wordOf(message['action']))
      const id = given.alarm || idOf(message)
      const note = given.note || (typeof message['note'] === 'string' ? message['note'] : '')
      if (action === 'comment' && note === '') throw new BadField('a comment needs a text; write it into the node, or set msg.note')
      const alarm = await limen.api.post(`alarms/${encodeURIComponent(id)}/${action}`, {
        by: nameOf(red, node),
        ...(note === '' ? {} : { note: note.slice(0, 4_096) }),
        ...occurrenceOf(message, id),
        ...(action === 'shelve' ? { until: untilOf(given.for || wordOf(message['for']) || '1h'), ...(config.oneShot === true ? { oneShot: true } : {}) } : {}),
      })
      return { text: `${action}: ${wordOf(alarm['rule']) || id} (${wordOf(alarm['key'])})`, pass: Object.assign(message, { payload: alarm, alarm, action }) }
    })
  })
}

function actionOf(text: string): string {
  if (actions.includes(text)) return text
  throw new BadField(`${text === '' ? 'there is no action' : `"${text.slice(0, 20)}" is no action`}; choose one in the node, or set msg.action to one of ${actions.join(', ')}`)
}

function idOf(message: Message): string {
  for (const holder of [message['alarm'], message.payload]) {
    if (typeof holder === 'object' && holder !== null && 'id' in holder && typeof holder.id === 'string' && holder.id !== '') return holder.id
  }
  throw new BadField('there is no alarm; write its id into the node, or send a message of "limen alarm in" (msg.alarm.id, msg.payload.id)')
}

/** The occurrence the flow has seen: the gateway refuses what is meant for an older one. */
function occurrenceOf(message: Message, id: string): { occurrence?: number } {
  const alarm = message['alarm']
  if (typeof alarm !== 'object' || alarm === null || !('id' in alarm) || alarm.id !== id) return {}
  return 'occurrence' in alarm && typeof alarm.occurrence === 'number' ? { occurrence: alarm.occurrence } : {}
}

function untilOf(text: string): string {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) throw new BadField(`"${text.slice(0, 20)}" is no duration; write 10min, 1h, 8h`)
  return new Date(Date.now() + ms).toISOString()
}
