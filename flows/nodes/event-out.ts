import type { Red } from './lib/node-red-api.ts'
import { createOut } from './lib/out.ts'
import { BadField, fieldOf, registerNode, topicLevel } from './lib/register.ts'
import { wordOf } from './lib/word.ts'

interface Config { readonly eventType?: string }

/** Under the gateway's limit of a packet (256 KiB): what is larger would cut the connection of all nodes, again and again. */
const maxBytes = 200_000

/** `limen event out`: publishes an application event; the message goes on once the gateway has it on disk. */
export function register(red: Red): void {
  registerNode<Config>(red, 'limen event out', (node, config, limen) => {
    const own = fieldOf(config.eventType)
    if (own !== '') typeOf(own)
    let count = 0
    createOut({ red, node, limen }, async (message) => {
      const type = typeOf(own === '' ? wordOf(message['eventType']) : own)
      await limen.link.publish(`events/${type}`, textOf(message.payload))
      count++
      return { text: `${type} · ${count.toLocaleString('en-US')} since start`, pass: message }
    })
  })
}

function typeOf(text: string): string {
  if (text.startsWith('limen.')) throw new BadField('types that begin "limen." are the gateway\'s own; choose another')
  return topicLevel(text, 'event type (msg.eventType)')
}

function textOf(payload: unknown): string {
  const text = JSON.stringify(payload) as string | undefined
  if (text === undefined) throw new BadField('msg.payload is not set; an event carries JSON')
  if (Buffer.byteLength(text) > maxBytes) throw new BadField(`msg.payload is ${Buffer.byteLength(text)} bytes as JSON; ${maxBytes} are allowed`)
  return text
}
