import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBareAedes, startGateway } from '../servers/subjects.ts'
import { withServer } from './context.ts'
import type { Context, Measurement } from './context.ts'

/** From spawn to the ready line, with an empty and with a filled compile cache; beside it bare aedes and Node alone. */
export const measureStart: Measurement = async (context) => {
  for (let run = 0; run < context.runs; run++) {
    if (context.subjects.includes('limen')) await gatewayStarts(context)
    const aedesMs = await withServer(startBareAedes(), (server) => Promise.resolve(server.readyMs))
    context.notebook.note({ setting: 'no compile cache', subject: 'bare aedes', quantity: 'start to ready', unit: 'ms', value: aedesMs })
    context.notebook.note({ setting: 'no compile cache', subject: 'node alone', quantity: 'start to end', unit: 'ms', value: await emptyNode() })
  }
}

async function gatewayStarts(context: Context): Promise<void> {
  const cache = await mkdtemp(join(tmpdir(), 'limen-bench-cache-'))
  try {
    for (const setting of ['compile cache empty', 'compile cache warm']) {
      const readyMs = await withServer(startGateway({ env: { NODE_COMPILE_CACHE: cache } }), (server) => Promise.resolve(server.readyMs))
      context.notebook.note({ setting, subject: 'limen', quantity: 'start to ready', unit: 'ms', value: readyMs })
      context.tell(`${setting}, limen: ready after ${readyMs.toFixed(0)} ms`)
    }
  } finally {
    await rm(cache, { recursive: true, force: true })
  }
}

function emptyNode(): Promise<number> {
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', () => resolve(performance.now() - startedAt))
  })
}
