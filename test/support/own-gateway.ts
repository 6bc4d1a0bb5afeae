import { onTestFinished } from 'vitest'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts'

/** A whole gateway that goes when the test has ended. */
export async function ownGateway(...set: Parameters<typeof startGatewayProcess>): Promise<GatewayProcess> {
  const limen = await startGatewayProcess(...set)
  onTestFinished(() => limen.remove())
  return limen
}

export interface Listener extends MqttClient { readonly seen: Map<string, string[]> }

/** An MQTT client that remembers what it was sent, by topic; gone when the test has ended. */
export async function ownClient(url: string, options: IClientOptions = {}): Promise<Listener> {
  const connected = await mqtt.connectAsync(url, { reconnectPeriod: 0, ...options })
  onTestFinished(async () => { await connected.endAsync(true) })
  const seen = new Map<string, string[]>()
  connected.on('error', () => {})
  connected.on('message', (topic, payload) => {
    const list = seen.get(topic) ?? []
    list.push(payload.toString())
    seen.set(topic, list)
  })
  return Object.assign(connected, { seen })
}
