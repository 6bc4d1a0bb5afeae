import type { Link } from './link.ts'
import type { FlowNode, Status } from './node-red-api.ts'

/** What stands under a node in the editor: is the gateway there, and what came last. */
export interface Face {
  /** What went well: `spo2 97 % (bed-1)`. */
  last(text: string): void
  /** What did not, until something goes well. */
  trouble(text: string): void
  /** What was dropped; stays. */
  heldBack(): void
}

/** Every change is sent to each open editor: not more often than this. */
const everyMs = 300

export function createFace(node: FlowNode, link: Link): Face {
  let state = link.state
  let said: Status = { fill: 'green', shape: 'dot', text: 'connected' }
  let held = 0
  let timer: NodeJS.Timeout | undefined
  let dirty = false
  let closed = false

  function draw(): void {
    if (closed) return
    if (timer !== undefined) {
      dirty = true
      return
    }
    dirty = false
    node.status(statusOf())
    timer = setTimeout(() => {
      timer = undefined
      if (dirty) draw()
    }, everyMs)
  }

  function statusOf(): Status {
    if (!state.connected) return state.sinceMs === undefined ? { fill: 'yellow', shape: 'ring', text: 'connecting' } : { fill: 'red', shape: 'ring', text: `gateway away since ${clockTime(state.sinceMs)}` }
    if (held > 0) return { fill: 'yellow', shape: 'dot', text: `held back: ${held.toLocaleString('en-US')}` }
    return said
  }

  const unwatch = link.onState((now) => {
    state = now
    draw()
  })
  node.on('close', () => {
    closed = true
    unwatch()
    clearTimeout(timer)
  })
  return {
    last(text) {
      said = { fill: 'green', shape: 'dot', text: short(text) }
      draw()
    },
    trouble(text) {
      said = { fill: 'red', shape: 'dot', text: short(text) }
      draw()
    },
    heldBack() {
      held++
      draw()
    },
  }
}

function clockTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8)
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
