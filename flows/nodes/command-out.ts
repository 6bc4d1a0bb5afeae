import { parseDuration } from './lib/duration.ts'
import { readObject } from './lib/json.ts'
import type { Limen } from './lib/limen.ts'
import type { FlowNode, Message, Red } from './lib/node-red-api.ts'
import { createOut, nameOf } from './lib/out.ts'
import { BadField, fieldOf, registerNode, topicLevel } from './lib/register.ts'
import { wordOf } from './lib/word.ts'

interface Config { readonly device?: string; readonly actuator?: string; readonly value?: string; readonly valueType?: string; readonly ttl?: string; readonly wait?: boolean }

type Command = Readonly<Record<string, unknown>>

const over = ['done', 'rejected', 'expired', 'failed', 'superseded']
const defaultTtl = '30s'
/** Longer than a device may take after it accepted. */
const doneWithinMs = 15_000
/** Commands whose end is awaited at once; further ones go on as they are. */
const maxWaiting = 1_000

/** `limen command out`: commands an actuator; the message goes on with `msg.command` when the gateway has it, or when it has ended. */
export function register(red: Red): void {
  registerNode<Config>(red, 'limen command out', (node, config, limen) => wire(red, { node, config, limen }))
}

function wire(red: Red, { node, config, limen }: { node: FlowNode; config: Config; limen: Limen }): void {
  const ttl = fieldOf(config.ttl)
  if (ttl !== '' && parseDuration(ttl) === undefined) throw new BadField(`ttl "${ttl}" is no duration; write 30s, 5min, 2h`)
  const ends = config.wait === true ? awaitEnds(node, limen) : undefined

  createOut({ red, node, limen }, async (message) => {
    const device = topicLevel(fieldOf(config.device) || wordOf(message['device']), 'device (msg.device)')
    const actuator = topicLevel(fieldOf(config.actuator) || wordOf(message['actuator']), 'actuator (msg.actuator)')
    const value = plain(await valueOf(red, { node, config, message }))
    const lives = ttlOf(ttl, message)
    const command = await limen.api.post('commands', { device, actuator, value, ttlMs: lives, by: nameOf(red, node) })
    const ended = ends === undefined ? command : await ends(command, lives + doneWithinMs)
    const status = wordOf(ended['status']) || 'issued'
    if (['rejected', 'expired', 'failed'].includes(status)) throw new Error(`${actuator} of ${device}: ${status}${wordOf(ended['reason']) === '' ? '' : `, ${wordOf(ended['reason'])}`}`)
    return { text: `${device} ${actuator} = ${String(value)}: ${status}`, pass: Object.assign(message, { command: ended }) }
  })
}

/** Hears how commands end. Subscribed before the first is sent, so that none can be missed. */
function awaitEnds(node: FlowNode, limen: Limen): (command: Command, withinMs: number) => Promise<Command> {
  const waiting = new Map<string, (ended: Command) => void>()
  /** Ended before the answer to its POST was read. */
  const early = new Map<string, Command>()
  const stops = over.map((status) => limen.link.subscribe(`limen/events/limen.command.${status}`, {
    take({ payload }) {
      const data = readObject(payload)?.['data'] as Command | undefined
      if (typeof data?.['id'] !== 'string') return
      const then = waiting.get(data['id'])
      if (then !== undefined) return then(data)
      early.set(data['id'], data)
      if (early.size > maxWaiting) early.delete(early.keys().next().value!)
    },
  }))
  node.on('close', () => {
    stops.forEach((stop) => stop())
    for (const [id, then] of waiting) then({ id, status: 'issued', reason: 'the flow was stopped' })
  })
  return (command, withinMs) => {
    const id = wordOf(command['id'])
    const ended = early.get(id)
    if (early.delete(id)) return Promise.resolve(ended!)
    if (waiting.size >= maxWaiting) return Promise.resolve(command)
    return new Promise((resolve) => {
      const end = (given: Command): void => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(given)
      }
      const timer = setTimeout(() => end({ ...command, status: 'failed', reason: 'its end was not heard of in time' }), withinMs)
      waiting.set(id, end)
    })
  }
}

/** By default `msg.payload`. */
function valueOf(red: Red, { node, config, message }: { node: FlowNode; config: Config; message: Message }): Promise<unknown> {
  const { value = 'payload', valueType = 'msg' } = config
  return new Promise((resolve, reject) => {
    red.util.evaluateNodeProperty(value, valueType, node, message, (error, found) => {
      if (error === null || error === undefined) resolve(found)
      else reject(error)
    })
  })
}

function plain(value: unknown): number | boolean | string | null {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value
  throw new BadField(`a command's value is a number, true or false, a text or null; this is ${value === undefined ? 'not set' : Array.isArray(value) ? 'a list' : `a ${typeof value}`}`)
}

function ttlOf(own: string, message: Message): number {
  const text = own === '' ? wordOf(message['ttl']) || defaultTtl : own
  const ms = parseDuration(text)
  if (ms === undefined || ms < 1 || ms > 86_400_000) throw new BadField(`ttl "${text.slice(0, 20)}" is no duration up to a day; write 30s, 5min, 2h`)
  return ms
}
