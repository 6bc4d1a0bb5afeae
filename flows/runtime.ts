import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import * as nodeModule from 'node:module'
import { join } from 'node:path'
import RED from 'node-red'
import { createDoors } from './doors.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { type Flows, createFlowFiles } from './flow-files.ts'
import { createLimen } from './nodes/lib/limen.ts'
import { type Parent, type ToParent, createParent } from './parent.ts'
import { credentialSecret } from './secret.ts'
import { createSettings } from './settings.ts'
import { createStorage } from './storage.ts'

/**
 * The process that runs the flows: Node-RED behind a Unix socket, a child of the gateway. Whatever a flow does to this
 * process, the gateway goes on without it and starts it again.
 */
/** Silent for three of them, it is taken for one that loops. */
const beatMs = 250
const cacheFlushMs = 20_000
const stopWithinMs = 2_500

async function run(environment: Environment, parent: Parent): Promise<void> {
  const { dir, root, safe } = environment
  const problem = (message: string): void => {
    process.stderr.write(`flows: ${message}\n`)
    parent.tell({ type: 'error', message })
  }
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const limen = createLimen(environment, { nowMs: () => performance.now(), onProblem: problem })
  const files = createFlowFiles({ dir, seedFile: join(import.meta.dirname, 'flows.json') }, { now: Date.now, onProblem: problem })
  const storage = createStorage({ files, onSaved: (by) => parent.tell({ type: 'deployed', by }) })
  const secret = await credentialSecret(dir)
  const server = createServer(createDoors(root, { admin: () => RED.httpAdmin, nodes: () => RED.httpNode }))

  RED.init(server, createSettings({ dir, root, safe, credentialSecret: secret }, { storage, limen, log: (line) => void process.stderr.write(`flows: ${line}\n`) }))
  // Flows start by themselves, sooner than the editor can be reached or later; it is told in this order.
  const listening = Promise.withResolvers<void>()
  const tellThen = (message: ToParent): void => void listening.promise.then(() => parent.tell(message))
  RED.events.on('flows:started', ({ config }: { config: { flows: Flows } }) => tellThen({ type: 'started', ...countOf(config.flows) }))
  RED.events.on('runtime-event', ({ id, payload }: RuntimeEvent) => {
    if (id !== 'runtime-state') return
    if (payload?.error === 'missing-types') problem(`flows do not start: there is no node ${(payload.types ?? []).map((type) => `"${type}"`).join(', ')} here; remove it in the editor and deploy`)
    else if (payload?.error === 'missing-modules') problem('flows do not start: a function node asks for a module; modules cannot be installed here, remove it and deploy')
    else if (payload?.error !== 'safe-mode') return
    tellThen({ type: 'safe' })
  })

  // For the next start: who is killed writes none at his end.
  setTimeout(() => nodeModule.flushCompileCache?.(), cacheFlushMs)
  setInterval(() => parent.tell({ type: 'beat', rssBytes: process.memoryUsage.rss() }), beatMs)
  parent.onStop(() => void stop(() => limen.stop()))
  // From a kill before: nobody listens there, and it would be in the way.
  await rm(environment.socket, { force: true })
  await RED.start()
  // Only now: before, Node-RED would answer 503 and log each request as an error.
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(environment.socket, resolve)
  })
  parent.tell({ type: 'listening' })
  listening.resolve()
}

interface RuntimeEvent {
  readonly id: string
  readonly payload?: { readonly error?: string; readonly types?: readonly string[] }
}

function countOf(flows: Flows): { tabs: number; nodes: number } {
  return { tabs: flows.filter(({ type }) => type === 'tab').length, nodes: flows.filter((node) => 'z' in node && 'wires' in node).length }
}

/** Nodes get their time to close; a flow that does not end does not keep the gateway from ending. */
async function stop(stopLimen: () => Promise<void>): Promise<void> {
  setTimeout(() => process.exit(0), stopWithinMs)
  try {
    await RED.stop()
    await stopLimen()
  } catch (thrown) {
    process.stderr.write(`flows: while stopping: ${String(thrown)}\n`)
  }
  process.exit(0)
}

// Flows, credentials, context: for nobody else on this machine.
process.umask(0o077)
const parent = createParent(process)
if (parent === undefined) {
  process.stderr.write('flows: this is started by the gateway; write "flows: { mode: child }" in limen.yaml and run "limen start"\n')
  process.exit(2)
}
// Without the gateway there is nothing to do here, and a process left behind would be in the next one's way.
parent.onGone(() => process.exit(0))

async function die(thrown: unknown): Promise<void> {
  // Not "instanceof": an Error of a function node comes from another realm.
  const { message, stack } = typeof thrown === 'object' && thrown !== null ? (thrown as Partial<Error>) : {}
  process.stderr.write(`flows: ${stack ?? message ?? String(thrown)}\n`)
  await parent!.lastWords({ type: 'error', message: message ?? String(thrown) })
  process.exit(1)
}
process.on('uncaughtException', (thrown) => void die(thrown))
process.on('unhandledRejection', (thrown) => void die(thrown))

try {
  await run(readEnvironment(process.env), parent)
} catch (thrown) {
  await die(thrown)
}
