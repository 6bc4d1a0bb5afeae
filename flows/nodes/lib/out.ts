import { type Bucket, defaultFigures } from './bucket.ts'
import type { Face } from './face.ts'
import { createFace } from './face.ts'
import type { Limen } from './limen.ts'
import type { Done, FlowNode, Message, Red, Send } from './node-red-api.ts'

/** What a node that sends to the gateway does with one message; what it throws goes to catch nodes. `text` stands under the node. */
export type Act = (message: Message, face: Face) => Promise<{ readonly text: string; readonly pass?: Message }>

export interface OutDeps { readonly red: Red; readonly node: FlowNode; readonly limen: Limen }

/** The common part of nodes that send: the allowance, the status, the errors. */
export function createOut({ red, node, limen }: OutDeps, act: Act): void {
  const face = createFace(node, limen.link)
  const bucket = bucketOf(red, node, limen)
  let told = false

  async function handle(message: Message, send: Send, done: Done): Promise<void> {
    if (!bucket.take()) {
      face.heldBack()
      // Once: an error for each of a flood would be a flood of its own.
      done(told ? undefined : 'held back: flows send more messages a second than the gateway takes from them; does this flow publish to its own input?')
      told = true
      return
    }
    try {
      const { text, pass } = await act(message, face)
      face.last(text)
      if (pass !== undefined) send(pass)
      done()
    } catch (thrown) {
      const wrong = thrown instanceof Error ? thrown.message : String(thrown)
      face.trouble(wrong)
      done(wrong)
    }
  }
  node.on('input', (message, send, done) => void handle(message, send, done))
}

/** A flow (or all of them: global environment) may set LIMEN_RATE and LIMEN_BURST; those with the same figures share. */
function bucketOf(red: Red, node: FlowNode, limen: Limen): Bucket {
  const figure = (name: string, otherwise: number): number => {
    const given = Number(red.util.getSetting(node, name))
    return Number.isFinite(given) && given >= 1 ? Math.min(given, 10_000) : otherwise
  }
  return limen.bucket({ ratePerS: figure('LIMEN_RATE', defaultFigures.ratePerS), burst: figure('LIMEN_BURST', defaultFigures.burst) })
}

/** How the gateway's books name whoever did it. */
export function nameOf(red: Red, node: FlowNode): string {
  const flow = red.util.getSetting(node, 'NR_FLOW_NAME')
  return `flows: ${typeof flow === 'string' && flow !== '' ? flow : node.id}`.slice(0, 256)
}
