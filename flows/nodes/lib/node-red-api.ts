import type { Limen } from './limen.ts'

/** What our nodes use of Node-RED's runtime API; it brings no types of its own. */
export interface Message { payload?: unknown; topic?: string; [member: string]: unknown }

export interface Status { readonly fill?: 'red' | 'yellow' | 'green' | 'grey' | 'blue'; readonly shape?: 'dot' | 'ring'; readonly text?: string }

export type Send = (message: Message | null | (Message | null)[]) => void
/** With what went wrong: catch nodes hear of it. (Of an Error they would hear "Error: …".) */
export type Done = (wrong?: string) => void

export interface FlowNode {
  readonly id: string
  readonly type: string
  readonly name?: string
  send: Send
  status(status: Status): void
  error(error: string | Error, message?: Message): void
  warn(text: string): void
  on(event: 'input', handle: (message: Message, send: Send, done: Done) => void): void
  on(event: 'close', handle: () => void): void
}

export interface Red {
  readonly nodes: {
    createNode(node: FlowNode, config: object): void
    registerType(type: string, constructor: (this: FlowNode, config: never) => void): void
  }
  readonly util: {
    /** A flow's or the global environment variable; NR_FLOW_NAME and the like. */
    getSetting(node: FlowNode, name: string): unknown
    evaluateNodeProperty(value: string, type: string, node: FlowNode, message: Message, callback: (error: Error | null, value: unknown) => void): void
  }
  readonly settings: { readonly limen?: Limen }
}
