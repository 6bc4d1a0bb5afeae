import { allRows } from '../kernel/all-rows.ts'
import { createCommittedView } from '../kernel/committed-view.ts'
import type { StateWriter, StoreReader, StoreWriter } from '../kernel/contracts.ts'
import type { Claim } from './claims.ts'
import { type LiveCommand, type Output, type StoredOutput, claimKey, createOutput, isOver, outputKey, storedOutput } from './output.ts'

/** Outputs with their claims, and the commands of the last time; in memory and on disk (space `command`). */
export interface CommandBook {
  restore(store: StoreReader): Promise<void>
  /** Undefined when it is new and there is no room. */
  output(device: string, actuator: string): Output | undefined
  find(device: string, actuator: string): Output | undefined
  /** The caller writes the output. */
  setClaim(output: Output, claim: Claim): void
  dropClaim(output: Output, claim: Claim): void
  /** Outputs on which this cause has a claim. */
  claimedBy(cause: string): readonly Output[]
  ofDevice(device: string): Iterable<Output>
  outputs(): Iterable<Output>
  /** Writes claims, sequence and what is wanted; in the current batch. */
  writeOutput(output: Output): void
  nextNumber(): number
  /** A new command, or a new state of a known one; in the current batch. */
  writeCommand(command: LiveCommand): void
  command(id: string): LiveCommand | undefined
  /** As it is on disk. */
  shown(id: string): LiveCommand | undefined
  /** As they are on disk, in the order of their issue. */
  list(query: { after?: string; limit: number }): readonly LiveCommand[]
}

export interface CommandBookOptions { readonly maxOutputs: number; readonly history: number }

export function createCommandBook(options: CommandBookOptions, deps: { readonly store: StateWriter & Pick<StoreWriter, 'onDisk'> }): CommandBook {
  const { store } = deps
  let outputs = new Map<string, Output>()
  let byDevice = new Map<string, Set<Output>>()
  let byCause = new Map<string, Set<Output>>()
  let commands = new Map<string, LiveCommand>()
  const view = createCommittedView<LiveCommand>(store.onDisk, { sorted: false })
  let next = 1

  function remember(output: Output): void {
    outputs.set(output.key, output)
    add(byDevice, output.device, output)
    for (const { cause } of output.claims.values()) add(byCause, cause, output)
  }

  /** Beyond `history`, the oldest that are over are forgotten. */
  function forgetOldest(): void {
    for (const command of commands.values()) {
      if (commands.size <= options.history) return
      if (!isOver(command.status)) continue
      commands.delete(command.id)
      view.drop(command.id)
      store.delete('command', commandKey(command.number))
    }
  }

  return {
    output(device, actuator) {
      const key = outputKey(device, actuator)
      const known = outputs.get(key)
      if (known !== undefined) return known
      if (outputs.size >= options.maxOutputs) return undefined
      const made = createOutput(key)
      remember(made)
      return made
    },
    // Asked for every reading: most devices have no outputs, and then no key need be made.
    find: (device, actuator) => (byDevice.has(device) ? outputs.get(outputKey(device, actuator)) : undefined),
    claimedBy: (cause) => [...(byCause.get(cause) ?? [])],
    ofDevice: (device) => byDevice.get(device) ?? [],
    outputs: () => outputs.values(),
    writeOutput(output) {
      store.put('command', `out/${output.key}`, JSON.stringify(storedOutput(output)))
    },
    setClaim(output, claim) {
      output.claims.set(claimKey(claim), claim)
      add(byCause, claim.cause, output)
    },
    dropClaim(output, claim) {
      output.claims.delete(claimKey(claim))
      if (![...output.claims.values()].some(({ cause }) => cause === claim.cause)) remove(byCause, claim.cause, output)
    },
    nextNumber() {
      const number = next++
      store.put('command', 'next', String(next))
      return number
    },
    writeCommand(command) {
      commands.set(command.id, command)
      store.put('command', commandKey(command.number), JSON.stringify(command))
      view.stage(command)
      if (commands.size > options.history) forgetOldest()
    },
    command: (id) => commands.get(id),
    shown: (id) => view.get(id),
    list({ after, limit }) {
      const shown = view.list()
      // The last of a page that is no longer remembered ends the list rather than beginning it anew.
      const from = after === undefined ? 0 : shown.findIndex(({ id }) => id === after) + 1
      return after !== undefined && from === 0 ? [] : shown.slice(from, from + limit)
    },
    async restore(reader) {
      const rows: (readonly [string, string])[] = []
      for await (const [key, value] of allRows(reader, 'command')) rows.push([key, String(value)])
      for (const output of outputs.values()) for (const cancel of output.timers.values()) cancel()
      outputs = new Map()
      byDevice = new Map()
      byCause = new Map()
      commands = new Map()
      next = 1
      for (const [key, json] of rows) {
        if (key.startsWith('out/')) remember(createOutput(key.slice('out/'.length), JSON.parse(json) as StoredOutput))
        else if (key.startsWith('cmd/')) {
          const command = JSON.parse(json) as LiveCommand
          commands.set(command.id, command)
        } else if (key === 'next') next = Number(json)
      }
      for (const command of commands.values()) {
        const output = outputs.get(outputKey(command.device, command.actuator))
        if (output !== undefined && !isOver(command.status)) output.live = command
      }
      view.replace(commands.values())
    },
  }
}

function commandKey(number: number): string {
  return `cmd/${String(number).padStart(12, '0')}`
}

function add(index: Map<string, Set<Output>>, key: string, output: Output): void {
  index.set(key, (index.get(key) ?? new Set()).add(output))
}

function remove(index: Map<string, Set<Output>>, key: string, output: Output): void {
  const found = index.get(key)
  found?.delete(output)
  if (found?.size === 0) index.delete(key)
}
