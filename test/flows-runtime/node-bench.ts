import { createRequire } from 'node:module'
import helper from 'node-red-node-test-helper'
import { onTestFinished } from 'vitest'
import { register as alarmAction } from '../../flows/nodes/alarm-action.ts'
import { register as alarmIn } from '../../flows/nodes/alarm-in.ts'
import { register as commandOut } from '../../flows/nodes/command-out.ts'
import { register as eventIn } from '../../flows/nodes/event-in.ts'
import { register as eventOut } from '../../flows/nodes/event-out.ts'
import { register as readingIn } from '../../flows/nodes/reading-in.ts'
import { createLimen } from '../../flows/nodes/lib/limen.ts'
import type { Message, Status } from '../../flows/nodes/lib/node-red-api.ts'
import { eventually } from '../support/eventually.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'

helper.init(createRequire(import.meta.url).resolve('node-red'))

export interface NodeBench {
  /** What arrived at the helper node of this id. */
  got(id: string): readonly Message[]
  /** What the node last showed. */
  status(id: string): Status | undefined
  send(id: string, message: Message): void
  /** What the gateway would have been told. */
  readonly problems: readonly string[]
  /** When the broker has taken the subscriptions of all nodes. */
  connected(...ids: string[]): Promise<void>
}

/** Our nodes in Node-RED's own test runtime, on a real gateway; gone when the test has ended. `helper` nodes remember what they get; `env` is the tab's. */
export async function loadFlow(gateway: Pick<GatewayProcess, 'mqttUrl' | 'httpUrl'>, flow: readonly Readonly<Record<string, unknown>>[], env: Readonly<Record<string, string>> = {}): Promise<NodeBench> {
  const problems: string[] = []
  const limen = createLimen({ mqttUrl: gateway.mqttUrl, httpUrl: gateway.httpUrl, user: '', token: '' }, { nowMs: () => performance.now(), onProblem: (text) => problems.push(text) })
  helper.settings({ limen })
  const got = new Map<string, Message[]>()
  const status = new Map<string, Status>()
  onTestFinished(async () => {
    await helper.unload()
    await limen.stop()
  })
  await helper.load([readingIn, alarmIn, eventIn, commandOut, eventOut, alarmAction], [{ id: 'tab', type: 'tab', label: 'Night shift', env: Object.entries(env).map(([name, value]) => ({ name, value, type: 'str' })) }, ...flow.map((node) => ({ z: 'tab', ...node }))])
  for (const { id, type } of flow as { id: string; type: string }[]) {
    const node = helper.getNode(id)
    got.set(id, [])
    if (type === 'helper') node.on('input', (message: Message) => void got.get(id)!.push(message))
    // Its status is spied upon by the test runtime, which tells of each call.
    else {
      const said = node.status.getCalls().findLast(({ thisValue }) => thisValue === node)
      if (said !== undefined) status.set(id, said.args[0])
      node.on('call:status', (call: { args: [Status] }) => void status.set(id, call.args[0]))
    }
  }
  return {
    got: (id) => got.get(id) ?? [],
    status: (id) => status.get(id),
    send: (id, message) => helper.getNode(id).receive({ ...message }),
    problems,
    async connected(...ids) {
      for (const id of ids) await eventually(`${id} to be connected`, () => status.get(id)?.fill === 'green')
      // A subscription is asked for when the connection is there; what is published after this answer comes after it.
      await limen.link.publish('test/ready', '')
    },
  }
}
