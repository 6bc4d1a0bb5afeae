import { createServer } from 'node:net'

/**
 * The least an MQTT server can do: CONNACK, then a PUBACK for every PUBLISH, nothing parsed, stored or forwarded.
 * What the generator reaches against it is the ceiling of the measurement.
 */
const server = createServer({ noDelay: true }, (socket) => {
  let left: Buffer | undefined
  socket.on('data', (chunk: Buffer) => {
    const data = left === undefined ? chunk : Buffer.concat([left, chunk])
    const out = Buffer.allocUnsafe(data.length)
    let written = 0
    let at = 0
    while (at + 2 <= data.length) {
      // the generator's packets are shorter than 16 KiB: one or two length bytes
      const low = data[at + 1]!
      if (low > 127 && at + 3 > data.length) break
      const body = at + (low > 127 ? 3 : 2)
      const end = body + (low > 127 ? (low & 127) + data[at + 2]! * 128 : low)
      if (end > data.length) break
      const type = data[at]! >> 4
      if (type === 1) {
        out.set([0x20, 2, 0, 0], written)
        written += 4
      } else if (type === 3) {
        const id = body + 2 + data[body]! * 256 + data[body + 1]!
        out[written] = 0x40
        out[written + 1] = 2
        out[written + 2] = data[id]!
        out[written + 3] = data[id + 1]!
        written += 4
      }
      at = end
    }
    left = at < data.length ? Buffer.from(data.subarray(at)) : undefined
    if (written > 0) socket.write(out.subarray(0, written))
  })
  socket.on('error', () => socket.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(`ready mqtt=127.0.0.1:${address.port}`)
})
process.on('SIGTERM', () => process.exit(0))
