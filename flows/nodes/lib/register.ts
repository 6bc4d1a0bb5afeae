import type { Limen } from './limen.ts'
import type { FlowNode, Red } from './node-red-api.ts'

/** A field of the node's form that cannot be right. */
export class BadField extends Error {}

/** Registers a node type. `wire` runs for each node when flows start; what it throws stands under the node and goes to catch nodes, nothing else stops. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it ties the node's form to what reads it
export function registerNode<Config extends object>(red: Red, type: string, wire: (node: FlowNode, config: Config, limen: Limen) => void): void {
  red.nodes.registerType(type, function (this: FlowNode, config: Config): void {
    red.nodes.createNode(this, config)
    const { limen } = red.settings
    try {
      if (limen === undefined) throw new BadField('these nodes run inside the Limen gateway only')
      wire(this, config, limen)
    } catch (thrown) {
      const text = thrown instanceof Error ? thrown.message : String(thrown)
      this.status({ fill: 'red', shape: 'ring', text })
      // Catch nodes may be made after this one.
      setImmediate(() => this.error(text, {}))
      if (!(thrown instanceof BadField)) throw thrown
    }
  })
}

/** A topic level a person wrote into a form: a device, a metric, an event's type. */
export function topicLevel(text: string, what: string): string {
  if (text === '') throw new BadField(`there is no ${what}; write it into the node, or set it in the message`)
  if (/[/+#]/.test(text) || text.includes('\0') || text.length > 1_024) throw new BadField(`${what} "${text.slice(0, 40)}" may not hold / + or #`)
  return text
}

/** A form's field, trimmed; what was never saved is empty. */
export function fieldOf(value: string | undefined): string {
  return (value ?? '').trim()
}

/** `a, b` of a form's multiple choice. */
export function choices(value: string | undefined): ReadonlySet<string> {
  return new Set(fieldOf(value).split(',').map((one) => one.trim()).filter((one) => one !== ''))
}
