import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'

/** Debian's Python: its paho is a package of the system, and other Pythons on the path do not have it. */
const python = '/usr/bin/python3'
const script = join(import.meta.dirname, 'paho/interop.py')
const listing = spawnSync(python, [script, '--list'], { encoding: 'utf8' })
const names = listing.status === 0 ? listing.stdout.trim().split('\n') : []

let limen: GatewayProcess

describe('MQTT 3.1.1, as Paho has it:', () => {
  beforeAll(async () => {
    limen = await startGatewayProcess()
  })
  afterAll(() => limen.remove())

  it(`${python} has paho.mqtt`, () => {
    const said = listing.error === undefined ? listing.stderr : `${listing.error.message}; install it: apt-get install python3 python3-paho-mqtt`
    expect(said).toBe('')
    expect(names.length).toBeGreaterThan(20)
  })

  it.each(names)('%s', async (name) => {
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>((resolve) => {
      execFile(python, [script, String(limen.mqttPort), name], { timeout: 60_000 }, (_, out, err) => resolve({ stdout: out, stderr: err }))
    })
    expect({ result: stdout === '' ? undefined : (JSON.parse(stdout) as unknown), stderr }).toEqual({ result: { name, ok: true, detail: '' }, stderr: '' })
  })
})
