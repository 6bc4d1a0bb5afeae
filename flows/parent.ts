/** What the gateway is told over the IPC channel. */
export type ToParent =
  /** The editor can be reached. */
  | { readonly type: 'listening' }
  /** Flows run. */
  | { readonly type: 'started'; readonly tabs: number; readonly nodes: number }
  /** The editor runs, flows do not. */
  | { readonly type: 'safe' }
  | { readonly type: 'beat'; readonly rssBytes: number }
  /** A deploy was saved. */
  | { readonly type: 'deployed'; readonly by: string }
  /** Something went wrong and it lives on, or the last words before an end. */
  | { readonly type: 'error'; readonly message: string }

export interface Parent {
  /** Never throws: where nobody listens any more, there is nobody to tell. */
  tell(message: ToParent): void
  /** The same, and waits until it was handed over, at most half a second. */
  lastWords(message: ToParent): Promise<void>
  onStop(then: () => void): void
  /** The gateway is gone. */
  onGone(then: () => void): void
}

const handOverMs = 500

/** The gateway's side of the channel; undefined where this process was started without one. */
export function createParent(own: NodeJS.Process): Parent | undefined {
  if (own.send === undefined) return undefined
  const send = (message: ToParent, done: () => void): void => {
    if (!own.connected) return done()
    own.send!(message, undefined, undefined, () => done())
  }
  return {
    tell: (message) => send(message, () => {}),
    lastWords: (message) => new Promise((resolve) => {
      const timer = setTimeout(resolve, handOverMs)
      send(message, () => {
        clearTimeout(timer)
        resolve()
      })
    }),
    onStop(then) {
      own.on('message', (message) => {
        if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'stop') then()
      })
    },
    onGone: (then) => void own.once('disconnect', then),
  }
}
