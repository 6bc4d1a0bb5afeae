/** The part of Node-RED that is used to embed it. It brings no types of its own. */
declare module 'node-red' {
  import type { EventEmitter } from 'node:events'
  import type { IncomingMessage, Server, ServerResponse } from 'node:http'

  type Application = (request: IncomingMessage, response: ServerResponse) => void

  const RED: {
    init(server: Server, settings: Readonly<Record<string, unknown>>): void
    start(): Promise<void>
    stop(): Promise<void>
    readonly httpAdmin: Application
    readonly httpNode: Application
    readonly events: EventEmitter
  }
  export default RED
}
