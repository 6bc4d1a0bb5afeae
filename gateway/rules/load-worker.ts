/** Thread of load-apart.ts: reads the rules, posts them, ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadRules } from './load.ts'
import type { LoadOrder, ReadOrders } from './load-apart.ts'
import { readAll } from './load-apart.ts'
import { kindSchemas } from './schemas.ts'

const order = workerData as LoadOrder | ReadOrders
parentPort?.postMessage('sources' in order ? await loadRules(order.sources, { ...order, kinds: kindSchemas }) : readAll(order))
