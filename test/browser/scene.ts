import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import type { MqttClient } from 'mqtt'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll } from 'vitest'
import { startBrowser } from '../support/browser.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { ownClient, ownGateway } from '../support/own-gateway.ts'
import { freePort } from '../support/servers.ts'

const root = resolve(import.meta.dirname, '../..')

const rules = `rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*" }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    priority: { lolo: high, lo: medium }
    message: "SpO₂ {value}{unit} on {device}"
  - id: fever
    on: { metric: temperature, device: "bed-*" }
    when: { above: 38.5, hysteresis: 0.3 }
    priority: low
    message: "temperature {value} °C on {device}"
  - id: pump
    on: { metric: fault, device: "pump-*" }
    when: { equals: true }
    latch: true
    priority: medium
    message: "fault of {device}"
`

const labels = `devices:
  bed-1: { type: ward-monitor, labels: { ward: east } }
  bed-2: { type: ward-monitor, labels: { ward: west } }
`

/** One Chromium for a file of tests, and the dashboard built as it is now. */
export function useBrowser(): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    execFileSync(process.execPath, [resolve(root, 'node_modules/vite/bin/vite.js'), 'build', 'dashboard', '--logLevel', 'error'], { cwd: root, stdio: 'inherit' })
    browser = await startBrowser()
  })
  afterAll(async () => { await browser?.close() })
  return () => browser!
}

export interface Ward {
  readonly limen: GatewayProcess
  readonly client: MqttClient
  /** One reading, acknowledged. */
  say(topic: string, value: unknown): Promise<void>
  ask<T>(path: string, init?: RequestInit): Promise<T>
}

/** A gateway with a few rules, on ports it keeps over restarts. */
export async function openWard(set: { yaml?: string } = {}): Promise<Ward> {
  const limen = await ownGateway({
    yaml: `rules: [rules.yaml]\n${labels}${set.yaml ?? ''}`,
    files: { 'rules.yaml': rules },
    env: { LIMEN_FLOWS__MODE: 'off', LIMEN_HTTP__PORT: String(await freePort()), LIMEN_MQTT__PORT: String(await freePort()) },
  })
  const client = await ownClient(limen.mqttUrl, { clientId: 'ward', reconnectPeriod: 200, reconnectOnConnackError: true })
  return {
    limen,
    client,
    say: async (topic, value) => { await client.publishAsync(`devices/${topic}`, typeof value === 'string' ? value : JSON.stringify(value), { qos: 1 }) },
    async ask<T>(path: string, init?: RequestInit): Promise<T> {
      const response = await fetch(`${limen.httpUrl}/api/v1/${path}`, init)
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as T
    },
  }
}
