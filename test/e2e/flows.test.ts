import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FlowsStatus } from '../../gateway/kernel/flows.ts'
import { eventually } from '../support/eventually.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { ownGateway } from '../support/own-gateway.ts'

const runtime = join(import.meta.dirname, '../../flows/runtime.ts')
const status = async (limen: GatewayProcess) => (await (await fetch(`${limen.httpUrl}/api/v1/flows`)).json()) as FlowsStatus
const state = (limen: GatewayProcess, wanted: FlowsStatus['state']) => eventually(`flows ${wanted}`, async () => (await status(limen)).state === wanted, 60_000)
const childOf = (limen: GatewayProcess) => (JSON.parse(readFileSync(join(limen.dir, 'data/flows/process.json'), 'utf8')) as { pid: number }).pid

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

/** Deploys one function that runs once, a moment after the start. */
async function deploy(limen: GatewayProcess, func: string): Promise<number> {
  const flows = [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: 'once', type: 'inject', z: 'tab', once: true, onceDelay: 0.1, props: [{ p: 'payload' }], wires: [['do']] },
    { id: 'do', type: 'function', z: 'tab', func, outputs: 1, wires: [[]] },
  ]
  const answer = await fetch(`${limen.httpUrl}/flows/flows`, { method: 'POST', headers: { 'content-type': 'application/json', 'node-red-deployment-type': 'full' }, body: JSON.stringify(flows) })
  return answer.status
}

// Real Node-RED; a checkout without its side of the room has none to start.
describe.runIf(process.platform === 'linux' && existsSync(runtime))('a gateway with flows', () => {
  it('is ready before they are, takes readings in while one loops for ever, and goes back to what ran before', async () => {
    const limen = await ownGateway({ yaml: 'flows: { mode: child, nice: 0 }\n' })
    expect((await status(limen)).state).toBe('starting')
    await state(limen, 'running')
    expect((await fetch(`${limen.httpUrl}/flows/`)).headers.get('content-type')).toContain('text/html')
    expect(await deploy(limen, 'while (true) {}')).toBe(204)
    await eventually('the loop', async () => fetch(`${limen.httpUrl}/flows/settings`, { signal: AbortSignal.timeout(1_000) }).then(() => false, () => true))
    const event = { specversion: '1.0', id: '1', source: 'test', type: 'limen.reading', data: { device: 'd', metric: 'm', value: 1 } }
    const posted = await fetch(`${limen.httpUrl}/api/v1/events`, { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: JSON.stringify(event) })
    expect(posted.status).toBe(204)
    const { code, stderr } = await limen.run('flows', 'rollback')
    expect([code, stderr]).toEqual([0, expect.stringContaining('the flows start anew on it')])
    await state(limen, 'running')
    expect((await status(limen)).restarts).toBeGreaterThan(0)
    const child = childOf(limen)
    expect(await limen.stop()).toBe(0)
    expect(isAlive(child)).toBe(false)
  })

  it('leaves no process behind when it is killed', async () => {
    const limen = await ownGateway({ yaml: 'flows: { mode: child, nice: 0 }\n' })
    await state(limen, 'running')
    const child = childOf(limen)
    await limen.kill()
    await eventually('its end', () => !isAlive(child))
  })
})
