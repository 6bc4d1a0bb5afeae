import { createServer } from 'node:net'
import { Aedes } from 'aedes'

/**
 * The baseline: aedes that only parses the JSON, in a process of its own. It stores nothing.
 * With `--alarm-above X` it also publishes a command and an alarm for a reading of `pressure` above X
 * at once, from memory: the least that any gateway on aedes must take.
 */
const limit = process.argv.includes('--alarm-above') ? Number(process.argv[process.argv.indexOf('--alarm-above') + 1]) : undefined

const broker = await Aedes.createBroker({
  authorizePublish(_client, packet, done) {
    let value: unknown
    try {
      value = (JSON.parse(packet.payload.toString()) as { value?: unknown }).value
    } catch {
      value = undefined // not JSON: forwarded as it is
    }
    done(null)
    if (limit !== undefined && typeof value === 'number' && value > limit) raise(packet.topic, value)
  },
})

function raise(topic: string, value: number): void {
  const device = topic.split('/')[1] ?? ''
  const common = { cmd: 'publish', qos: 1, dup: false } as const
  broker.publish({ ...common, retain: false, topic: `devices/fan-${device}/power/set`, payload: Buffer.from(JSON.stringify({ id: device, seq: 1, value: true })) }, report)
  broker.publish({ ...common, retain: true, topic: `limen/alarms/${device}/bench-pressure`, payload: Buffer.from(JSON.stringify({ device, value, state: 'unacked' })) }, report)
}

function report(error?: Error | null): void {
  if (error) console.error(error.message)
}

const server = createServer({ noDelay: true }, (socket) => void broker.handle(socket))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(`ready mqtt=127.0.0.1:${address.port}`)
})
process.on('SIGTERM', () => process.exit(0))
