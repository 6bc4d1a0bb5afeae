/** The part of node-red-node-test-helper that is used here; it brings no types of its own. */
declare module 'node-red-node-test-helper' {
  import type { EventEmitter } from 'node:events'

  const helper: {
    init(runtimePath: string): void
    settings(settings: Readonly<Record<string, unknown>>): void
    load(nodes: readonly ((red: never) => void)[], flow: readonly Readonly<Record<string, unknown>>[]): Promise<void>
    unload(): Promise<void>
    getNode(id: string): EventEmitter & { receive(message: Readonly<Record<string, unknown>>): void; readonly status: { getCalls(): { readonly thisValue: unknown; readonly args: [Readonly<Record<string, never>>] }[] } }
  }
  export default helper
}
