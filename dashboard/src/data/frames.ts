/** One block of the event stream: `id:`, `event:`, `data:`. */
export interface Frame {
  /** Position in the log; undefined for what is not of the log (pulse, values). */
  readonly id: number | undefined
  readonly event: string
  /** Undefined where the block carries none (a beat moves the position on and says nothing). */
  readonly data: unknown
}

/** Reads the blocks of one message of the live socket. What cannot be read is left out: a newer gateway may say more than we know. */
export function readFrames(text: string): readonly Frame[] {
  const frames: Frame[] = []
  for (const block of text.split('\n\n')) {
    let id: number | undefined
    let event = 'message'
    let data: string | undefined
    for (const line of block.split('\n')) {
      if (line.startsWith('id: ')) id = Number(line.slice(4))
      else if (line.startsWith('event: ')) event = line.slice(7)
      else if (line.startsWith('data: ')) data = data === undefined ? line.slice(6) : `${data}\n${line.slice(6)}`
    }
    if (id === undefined && data === undefined) continue
    frames.push({ id: id !== undefined && Number.isSafeInteger(id) ? id : undefined, event, data: data === undefined ? undefined : parse(data) })
  }
  return frames
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
