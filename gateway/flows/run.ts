import { spawn } from 'node:child_process'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import { createBrake } from './brake.ts'
import type { FlowsMessage } from './messages.ts'
import { readMessage } from './messages.ts'
import { createOutput } from './output.ts'
import { reasonOf } from './reason.ts'
import { giveUpFirst, processorMs, residentBytes, runAt } from './proc.ts'

export interface RunOptions {
  /** Absolute; run by this Node. */
  readonly runtimeFile: string
  readonly directory: string
  /** All the process gets. */
  readonly environment: Readonly<Record<string, string>>
  /** Resident memory above which it is killed. */
  readonly maxMemoryBytes: number
  /** Its priority, 0 to 19 (nothing comes after it). */
  readonly nice: number
}

export interface RunEnd {
  /** We told it to. */
  readonly asked: boolean
  readonly code: number | null
  readonly signal: string | null
  /** `exit code 1`, `its event loop stood still for 10 s`. */
  readonly reason: string
}

/** One life of the process of the flows. */
export interface Run {
  readonly pid: number | undefined
  /** Undefined until it is known. */
  memoryBytes(): number | undefined
  /** Tells it to end; kills it after 3 s. Resolves when it is gone. */
  stop(): Promise<void>
  /** Resolves once, when it is gone and all it printed has been read; never rejects. */
  readonly ended: Promise<RunEnd>
}

const lookEveryMs = 250
/** Without a beat (they come every 250 ms) for so long, of which it ran so much, it is held back. */
const holdBack = { afterMs: 750, busyMs: 300 }
/** And ended; one that waits for the processor, because the machine has none to give, is waited for longer. */
const standsStill = { afterMs: 10_000, busyMs: 1_000, patienceMs: 30_000 }
const startsWithinMs = 60_000
const stopPatienceMs = 3_000
const drainPatienceMs = 500
/** Four beats a second and few others; JSON of a flood is read on the gateway's own thread. */
const messagesWithinLook = 200

/**
 * Heap of the old generation: below the bound of the resident memory, of which code, buffers and the young generation take the rest.
 * Reached first by what allocates objects, and then V8 ends the process by itself.
 */
export function heapMiB(maxMemoryBytes: number): number {
  return Math.floor((maxMemoryBytes / 1024 ** 2) * 0.6)
}

/** Starts the process in the gateway's own session, with nothing but what is in `options`. A failure to start is an end like any. */
export function startRun(options: RunOptions, deps: { readonly clock: Clock; readonly logger: Logger; readonly onMessage: (message: FlowsMessage) => void }): Run {
  const { clock } = deps
  const maxMiB = Math.round(options.maxMemoryBytes / 1024 ** 2)
  const output = createOutput(deps)
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMiB(options.maxMemoryBytes)}`, '--max-semi-space-size=8', options.runtimeFile], {
    cwd: options.directory,
    env: options.environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const { pid } = child
  const brake = createBrake({ clock, signal: (name) => void child.kill(name) })
  let memory: number | undefined
  let listening = false
  let asked = false
  let gone = false
  /** Why we killed it; or what it said of itself last. */
  let verdict: string | undefined
  let said: string | undefined
  let messages = 0
  let lookedAtMs = clock.monotonic()
  let beatAtMs = lookedAtMs
  let beatSinceLook = true
  /** Processor time at the first look after the last beat. */
  let processorAtBeatMs: number | undefined
  const startedAtMs = lookedAtMs
  let cancelLook: Cancel = () => {}
  let cancelKill: Cancel = () => {}

  function kill(why: string): void {
    if (gone) return
    verdict ??= why
    child.kill('SIGKILL')
  }

  function weigh(bytes: number | undefined): void {
    if (bytes === undefined) return
    memory = bytes
    if (bytes > options.maxMemoryBytes) kill(`it took more memory than flows.maxMemory allows, ${maxMiB} MiB`)
  }

  /** `usedMs` is undefined where the system does not tell. */
  function judge(silentMs: number, usedMs: number | undefined): void {
    if (beatSinceLook) processorAtBeatMs = usedMs
    beatSinceLook = false
    if (!listening || asked || gone) return
    const busyMs = usedMs === undefined || processorAtBeatMs === undefined ? Infinity : usedMs - processorAtBeatMs
    if (silentMs >= holdBack.afterMs && busyMs >= holdBack.busyMs) brake.on()
    const stands = silentMs >= standsStill.patienceMs || (silentMs >= standsStill.afterMs && busyMs >= standsStill.busyMs)
    if (stands) kill(`its event loop stood still for ${Math.floor(silentMs / 1_000)} s`)
  }

  async function look(): Promise<void> {
    const now = clock.monotonic()
    // The gateway itself stood still: what the child said meanwhile has not been read yet.
    if (now - lookedAtMs > 8 * lookEveryMs) beatAtMs = now
    lookedAtMs = now
    messages = 0
    if (!listening && now - startedAtMs >= startsWithinMs) kill('it did not come up within 60 s')
    if (pid !== undefined) {
      weigh(await residentBytes(pid))
      judge(now - beatAtMs, await processorMs(pid))
    }
    if (!gone) cancelLook = clock.after(lookEveryMs, () => void look())
  }

  child.on('message', (raw) => {
    if (++messages > messagesWithinLook) return kill('it flooded the gateway with messages')
    const message = readMessage(raw)
    if (message === undefined || gone || asked) return
    if (message.type === 'beat') {
      beatAtMs = clock.monotonic()
      beatSinceLook = true
      brake.off()
      return weigh(message.rssBytes === 0 ? undefined : message.rssBytes)
    }
    if (message.type === 'listening') {
      listening = true
      beatAtMs = clock.monotonic()
      // Threads that were there before the priority was set.
      if (pid !== undefined) runAt(pid, options.nice)
    }
    if (message.type === 'error') said = message.message
    deps.onMessage(message)
  })
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (chunk: Buffer) => output.take(stream, chunk))
    // It may be gone at any moment; its exit says so.
    child[stream]?.on('error', () => {})
  }

  const ended = new Promise<RunEnd>((resolve) => {
    function end(code: number | null, signal: string | null, failure?: string): void {
      if (gone) return
      gone = true
      brake.off()
      cancelLook()
      cancelKill()
      resolve({ asked, code, signal, reason: failure ?? verdict ?? reasonOf({ code, signal, said, lines: output.lastLines(), heapMiB: heapMiB(options.maxMemoryBytes) }) })
    }
    child.on('error', (error) => {
      // An error of sending leaves it alive; only one that could not be started has no pid.
      if (pid === undefined) end(null, null, `it cannot be started: ${error.message}`)
    })
    child.once('exit', (code, signal) => {
      // Its last words are read before they are looked at; a grandchild that holds the pipe open is not waited for.
      const cancel = clock.after(drainPatienceMs, () => end(code, signal))
      child.once('close', () => {
        cancel()
        end(code, signal)
      })
    })
  })

  if (pid !== undefined) {
    runAt(pid, options.nice)
    void giveUpFirst(pid)
    cancelLook = clock.after(lookEveryMs, () => void look())
  }

  return {
    pid,
    memoryBytes: () => memory,
    async stop() {
      if (!asked && !gone) {
        asked = true
        brake.off()
        // Gone in this moment: its exit says so.
        if (child.connected) child.send({ type: 'stop' }, () => {})
        cancelKill = clock.after(stopPatienceMs, () => kill('it did not stop within 3 s'))
      }
      await ended
    },
    ended,
  }
}
