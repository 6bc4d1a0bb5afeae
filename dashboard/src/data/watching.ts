/** Several parts of a page may want devices' values; the socket is told what they want together. */
const wanted = new Map<symbol, readonly string[]>()
const mostDevices = 500
let tell: (devices: readonly string[]) => void = () => {}
let told = ''

export function setWatchSink(sink: (devices: readonly string[]) => void): void {
  tell = sink
}

/** Gives a function that ends it. */
export function watch(devices: readonly string[]): () => void {
  const key = Symbol('watch')
  wanted.set(key, devices)
  schedule()
  return () => {
    wanted.delete(key)
    schedule()
  }
}

let scheduled = false

/** Once a turn: a list that scrolls ends and begins many. */
function schedule(): void {
  if (scheduled) return
  scheduled = true
  queueMicrotask(() => {
    scheduled = false
    const all = [...new Set([...wanted.values()].flat())].sort().slice(0, mostDevices)
    const text = all.join('\n')
    if (text === told) return
    told = text
    tell(all)
  })
}
