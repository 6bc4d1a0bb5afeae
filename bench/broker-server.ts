import { createBroker } from '../gateway/broker/broker.ts'
import { systemClock } from '../gateway/kernel/clock.ts'
import type { Accept, Authenticator, Receipt } from '../gateway/kernel/contracts.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { createMemoryStore } from '../test/support/memory-store.ts'

/**
 * The broker room alone, in a process of its own: what it costs over bare aedes (servers/baseline-aedes.ts). The door only parses the JSON;
 * a "commit" ends when a page of payload has come in, or after `--window` ms.
 */
const windowMs = Number(process.argv[process.argv.indexOf('--window') + 1] ?? 5)
const store = createMemoryStore()
const taken: Receipt = { taken: true }
let bytes = 0
let scheduled = false

function close(): void {
  scheduled = false
  bytes = 0
  void store.commit()
}

const accept: Accept = (input, done) => {
  if (input.kind === 'publish') {
    bytes += input.payload.length
    try {
      JSON.parse(Buffer.from(input.payload.buffer, input.payload.byteOffset, input.payload.length).toString())
    } catch {
      // not JSON: forwarded as it is
    }
  }
  store.onDisk((error) => done(error, taken))
  if (bytes >= 4_096) {
    if (!scheduled) setImmediate(close)
    scheduled = true
  }
}
setInterval(close, windowMs)

const authenticator: Authenticator = {
  device: async () => null, user: async () => null, stillValid: () => true, onChange: () => () => {}, hasDeviceCredential: () => false, hasUser: () => false,
}
const broker = createBroker(
  { host: '127.0.0.1', port: 0, maxPacketSizeBytes: 256 * 1024, loopbackTrusted: true },
  { store, accept, authenticator, clock: systemClock, logger: silentLogger },
)
await broker.start()
console.log(`ready mqtt=127.0.0.1:${broker.addresses.mqtt!.port}`)
process.on('SIGTERM', () => process.exit(0))
