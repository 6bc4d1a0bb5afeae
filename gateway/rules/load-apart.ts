import { Worker } from 'node:worker_threads'
import type { ConfiguredDevice } from '../kernel/configured-devices.ts'
import { asError, LimenError } from '../kernel/errors.ts'
import type { CheckedRule } from '../kernel/rule-desk.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import type { Zones } from '../kernel/zone.ts'
import type { LoadedRules } from './load.ts'
import { loadRules } from './load.ts'
import type { Bases } from './load-files.ts'
import { expandSources } from './load-files.ts'
import type { SiteTables } from './load-tables.ts'
import { createTableBook } from './load-tables.ts'
import type { ReadOrder } from './read-written.ts'
import { readWritten } from './read-written.ts'
import { kindSchemas } from './schemas.ts'

/** What the thread is given, and all of it can be copied. */
export interface LoadOrder extends Bases {
  readonly sources: readonly RuleSource[]
  readonly targets: ReadonlySet<string>
  readonly devices?: ReadonlyMap<string, ConfiguredDevice> | undefined
}

export interface ReadOrders {
  readonly rules: readonly ReadOrder[]
  readonly targets: ReadonlySet<string>
  /** Of the site's files, which a rule may name. */
  readonly tables?: SiteTables | undefined
  readonly zones?: Zones | undefined
  readonly devices?: ReadonlyMap<string, ConfiguredDevice> | undefined
}

/**
 * Files of rules up to so much are read in a few ms. More would hold up readings and alarms, and leave 15 MB of heap behind
 * (a hundred rules); they are read in a thread, whose memory goes with it.
 */
const inlineBytes = 4 * 1024

/** Like loadRules with every kind there is, and never in the way of a running gateway for long. */
export async function loadRulesApart(order: LoadOrder, options: { readonly inlineBytes?: number } = {}): Promise<LoadedRules> {
  const { files } = await expandSources(order.sources, order)
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return total <= (options.inlineBytes ?? inlineBytes) ? loadRules(order.sources, { ...order, kinds: kindSchemas }) : inThread(order)
}

/** The same for rules that are handed in one by one. */
export async function readRulesApart(orders: ReadOrders, options: { readonly inlineBytes?: number } = {}): Promise<readonly CheckedRule[]> {
  const total = orders.rules.reduce((sum, { written }) => sum + ('yaml' in written ? written.yaml : JSON.stringify(written.json)).length, 0)
  return total <= (options.inlineBytes ?? inlineBytes) ? readAll(orders) : inThread(orders)
}

export function readAll({ rules, targets, tables, zones, devices }: ReadOrders): readonly CheckedRule[] {
  const deps = { kinds: kindSchemas, targets, zones, devices, ...(tables === undefined ? {} : { tables: createTableBook(tables) }) }
  return rules.map((order) => readWritten(order, deps))
}

function inThread(order: LoadOrder): Promise<LoadedRules>
function inThread(order: ReadOrders): Promise<readonly CheckedRule[]>
function inThread(order: LoadOrder | ReadOrders): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // Compiled for the package, this file and its worker are .js.
  const script = new URL(`./load-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  const worker = new Worker(script, { workerData: order })
  worker.on('message', resolve)
  const lost = (cause: Error): void => reject(new LimenError('OVERLOADED', `the thread that reads rules ended: ${cause.message}`, { cause, remedy: 'try again; if it ends again, there are more rules than the memory holds' }))
  worker.on('error', (error) => lost(asError(error)))
  worker.on('exit', (code) => lost(new Error(`exit code ${code}`)))
  return promise
}
