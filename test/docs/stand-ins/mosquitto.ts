/**
 * `mosquitto_pub` and `mosquitto_sub` as far as the pages use them, on MQTT.js: what the first tier of tests runs instead of the
 * real ones, which need not be there. The second tier runs the real ones.
 */
import { parseArgs } from 'node:util'
import { connectAsync } from 'mqtt'

const [tool, ...args] = process.argv.slice(2)
const { values } = parseArgs({
  args,
  options: {
    host: { type: 'string', short: 'h', default: '127.0.0.1' }, port: { type: 'string', short: 'p', default: '1883' }, topic: { type: 'string', short: 't', multiple: true, default: [] },
    message: { type: 'string', short: 'm' }, qos: { type: 'string', short: 'q', default: '0' }, retain: { type: 'boolean', short: 'r', default: false }, null: { type: 'boolean', short: 'n' },
    id: { type: 'string', short: 'i' }, username: { type: 'string', short: 'u' }, pw: { type: 'string', short: 'P' }, verbose: { type: 'boolean', short: 'v' }, C: { type: 'string', short: 'C' },
  },
})
const client = await connectAsync(`mqtt://${values.host}:${values.port}`, {
  reconnectPeriod: 0,
  ...(values.id === undefined ? {} : { clientId: values.id }),
  ...(values.username === undefined ? {} : { username: values.username }),
  ...(values.pw === undefined ? {} : { password: values.pw }),
})
const qos = Number(values.qos) as 0 | 1 | 2

if (tool === 'mosquitto_pub') {
  if (values.message === undefined && values.null !== true) throw new Error('mosquitto_pub: nothing to publish; write -m or -n')
  for (const topic of values.topic) await client.publishAsync(topic, values.message ?? '', { qos, retain: values.retain })
  await client.endAsync()
} else {
  let left = values.C === undefined ? Infinity : Number(values.C)
  client.on('message', (topic, payload) => {
    process.stdout.write(`${values.verbose === true ? `${topic} ` : ''}${payload.toString()}\n`)
    if (--left === 0) client.end()
  })
  process.on('SIGTERM', () => client.end())
  await client.subscribeAsync(values.topic, { qos })
}
