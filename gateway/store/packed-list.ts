import type { Listed, PackedList } from './protocol.ts'

/** A page of state, to be sent to another thread. */
export function packList(listed: Listed): PackedList {
  let bytes = 0
  for (const [, value] of listed) if (typeof value !== 'string') bytes += value.length
  const blobs = new Uint8Array(bytes)
  const content: (string | number)[] = []
  let end = 0
  for (const [key, value] of listed) {
    if (typeof value === 'string') content.push(key, value)
    else {
      blobs.set(value, end)
      end += value.length
      content.push(key, end)
    }
  }
  return { content, blobs }
}

/** Blobs are views of the page's own bytes. */
export function unpackList({ content, blobs }: PackedList): Listed {
  const listed: [string, string | Uint8Array][] = []
  let start = 0
  for (let i = 0; i < content.length; i += 2) {
    const key = content[i] as string
    const value = content[i + 1]!
    if (typeof value === 'string') listed.push([key, value])
    else {
      listed.push([key, blobs.subarray(start, value)])
      start = value
    }
  }
  return listed
}
