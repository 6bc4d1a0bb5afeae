/** What the process of the flows says over its IPC channel. Whatever runs in a flow can write there too: nothing in it is trusted. */
export type FlowsMessage =
  /** The editor's HTTP is up. */
  | { readonly type: 'listening' }
  | { readonly type: 'started'; readonly tabs: number; readonly nodes: number }
  /** The editor runs, flows do not, as asked. */
  | { readonly type: 'safe' }
  /** Once a second. */
  | { readonly type: 'beat'; readonly rssBytes: number }
  | { readonly type: 'deployed'; readonly by: string }
  | { readonly type: 'error'; readonly message: string }

const longestText = 500

/** Undefined: none of ours. */
export function readMessage(message: unknown): FlowsMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { type, tabs, nodes, rssBytes, by, message: words } = message as Readonly<Record<string, unknown>>
  switch (type) {
    case 'listening':
    case 'safe':
      return { type }
    case 'started':
      return { type, tabs: count(tabs), nodes: count(nodes) }
    case 'beat':
      return { type, rssBytes: count(rssBytes) }
    case 'deployed':
      return { type, by: plain(by, 'somebody').slice(0, 100) }
    case 'error':
      return { type, message: plain(words, 'no reason given') }
    default:
      return undefined
  }
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0
}

/** One line that steers no terminal and fills no page. */
export function plain(value: unknown, otherwise: string): string {
  if (typeof value !== 'string') return otherwise
  const line = value.slice(0, 4 * longestText).replace(/\p{C}+/gu, ' ').trim()
  return line === '' ? otherwise : line.length > longestText ? `${line.slice(0, longestText - 1)}…` : line
}
