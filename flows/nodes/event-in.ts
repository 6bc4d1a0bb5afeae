import { createFace } from './lib/face.ts'
import { compileGlob, isGlob } from './lib/glob.ts'
import { readJson, readObject } from './lib/json.ts'
import type { Limen } from './lib/limen.ts'
import type { Received } from './lib/link.ts'
import type { FlowNode, Red } from './lib/node-red-api.ts'
import { BadField, fieldOf, registerNode, topicLevel } from './lib/register.ts'
import { encodeLevel } from './lib/topic.ts'

interface Config { readonly source?: string; readonly pattern?: string }

/** `limen event in`: what applications publish as `events/{type}`, or what the gateway says as `limen/events/{type}`. */
export function register(red: Red): void {
  registerNode<Config>(red, 'limen event in', wire)
}

function wire(node: FlowNode, config: Config, limen: Limen): void {
  const pattern = fieldOf(config.pattern) || '*'
  const ofGateway = config.source === 'gateway'
  if (!ofGateway && pattern.startsWith('limen.')) throw new BadField('types that begin "limen." are the gateway\'s own; choose "from the gateway" as source')
  const isType = compileGlob(pattern)
  const face = createFace(node, limen.link)
  let count = 0

  function show(type: string): void {
    count++
    face.last(`${type} · ${count.toLocaleString('en-US')} since start`)
  }

  function takeOwn({ topic, payload }: Received): void {
    const type = topic.slice('events/'.length)
    const data = isType(type) ? readJson(payload) : undefined
    // What is no JSON is no event: the gateway has refused it.
    if (data === undefined) return
    show(type)
    node.send({ topic, payload: data, eventType: type })
  }

  function takeGateways({ topic, payload }: Received): void {
    const event = readObject(payload)
    if (typeof event?.['type'] !== 'string' || !isType(event['type'])) return
    show(event['type'])
    node.send({ topic, payload: event['data'] ?? null, eventType: event['type'], subject: event['subject'] ?? null, time: event['time'], cloudEvent: event })
  }

  const exact = !isGlob(pattern) && !pattern.includes(',')
  const filter = ofGateway
    ? `limen/events/${exact ? encodeLevel(pattern) : '+'}`
    : `events/${exact ? topicLevel(pattern, 'type') : '+'}`
  node.on('close', limen.link.subscribe(filter, { take: ofGateway ? takeGateways : takeOwn }))
}
