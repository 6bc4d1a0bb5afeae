import { onTestFinished } from 'vitest'

export interface Frame { readonly id?: string; readonly event?: string; readonly data?: string; readonly comment?: string }

/** Reads server-sent events as a browser would, without reconnecting by itself. */
export async function openStream(url: string, headers: Record<string, string> = {}) {
  const abort = new AbortController()
  onTestFinished(() => abort.abort())
  const response = await fetch(url, { headers, signal: abort.signal })
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  const state = { ended: false }

  async function pump(): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    try {
      for await (const chunk of response.body!) {
        rest += decoder.decode(chunk, { stream: true })
        const blocks = rest.split('\n\n')
        rest = blocks.pop()!
        for (const block of blocks) frames.push(parseFrame(block))
        for (const wake of waiting) wake()
      }
    } catch {
      // Cut from either side: what came stays.
    }
    state.ended = true
    for (const wake of waiting) wake()
  }
  const pumping = pump()

  /** Resolves once `enough` says so, or the stream has ended. */
  async function until(enough: (frames: readonly Frame[]) => boolean): Promise<readonly Frame[]> {
    while (!enough(frames) && !state.ended) {
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
      })
    }
    return frames
  }

  return {
    response,
    frames,
    until,
    /** Frames that are events, once there are so many. */
    events: async (count: number) => (await until((all) => all.filter((frame) => frame.data !== undefined).length >= count)).filter((frame) => frame.data !== undefined),
    ended: () => until(() => false),
    close: async () => {
      abort.abort()
      await pumping
    },
  }
}

export function parseFrame(block: string): Frame {
  const frame: Record<string, string> = {}
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const name = colon === 0 ? 'comment' : line.slice(0, colon)
    frame[name] = line.slice(colon + 1).trimStart()
  }
  return frame
}
