import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../kernel/clock.ts'
import { LimenError } from '../kernel/errors.ts'
import { commandLine, startTicks } from './proc.ts'

/** Where the process of the flows lives: its user directory, and the folder of the socket it listens on. */
export interface Place {
  readonly directory: string
  readonly socket: string
  /** Before each run: the socket of the one before must not be in the way. */
  clear(): Promise<void>
  /** What a next start needs to know of this process, should this gateway be killed. */
  note(pid: number): Promise<void>
  remove(): Promise<void>
}

interface Note { readonly pid: number; readonly startTicks: string | null; readonly socketDirectory: string; readonly runtimeFile: string }

/** sun_path holds 108 bytes on Linux, 104 elsewhere, with a zero at the end. */
const longestSocketPath = 103
const prefix = 'limen-flows-'
const noteName = 'process.json'
const goneWithinMs = 3_000
const lookEveryMs = 50

/** Makes it ready, and ends what a gateway that was killed left behind. */
export async function makePlace(directory: string, runtimeFile: string, clock: Clock): Promise<Place> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chmod(directory, 0o700)
  await endLeftover(directory, clock)
  const parent = [tmpdir(), '/tmp'].find((candidate) => Buffer.byteLength(join(candidate, `${prefix}XXXXXX`, 's')) <= longestSocketPath)
  if (parent === undefined) throw new LimenError('BAD_INPUT', `the path of a socket in ${tmpdir()} would be too long`, { remedy: 'set TMPDIR to a shorter path' })
  // mkdtemp gives 0700: nobody else reaches the socket.
  const socketDirectory = await mkdtemp(join(parent, prefix))
  const socket = join(socketDirectory, 's')
  const noteFile = join(directory, noteName)
  return {
    directory,
    socket,
    clear: () => rm(socket, { force: true }),
    async note(pid) {
      const content: Note = { pid, startTicks: (await startTicks(pid)) ?? null, socketDirectory, runtimeFile }
      await writeFile(`${noteFile}.new`, JSON.stringify(content), { mode: 0o600 })
      await rename(`${noteFile}.new`, noteFile)
    },
    async remove() {
      await rm(socketDirectory, { recursive: true, force: true })
      await rm(noteFile, { force: true })
    },
  }
}

/** The process that a note in this directory names, if it still runs. */
export async function leftover(directory: string): Promise<Note | undefined> {
  const note = await readNote(directory)
  return note !== undefined && (await isStill(note)) ? note : undefined
}

/**
 * A child whose gateway was killed sees its channel close and ends by itself; one in an endless loop sees nothing, and is
 * killed here. Killed only if it is certain that the pid is still that process.
 */
async function endLeftover(directory: string, clock: Clock): Promise<void> {
  const note = await readNote(directory)
  if (note === undefined) return
  const until = clock.monotonic() + goneWithinMs
  while ((await isStill(note)) && clock.monotonic() < until) {
    try {
      process.kill(note.pid, 'SIGKILL')
    } catch {
      // Gone in this moment.
    }
    await new Promise<void>((resolve) => { clock.after(lookEveryMs, resolve) })
  }
  const { socketDirectory } = note
  if (basename(socketDirectory).startsWith(prefix) && [tmpdir(), '/tmp'].includes(dirname(socketDirectory))) await rm(socketDirectory, { recursive: true, force: true })
  await rm(join(directory, noteName), { force: true })
}

async function isStill({ pid, startTicks: ticks, runtimeFile }: Note): Promise<boolean> {
  if (ticks === null || (await startTicks(pid)) !== ticks) return false
  return (await commandLine(pid)).includes(runtimeFile)
}

async function readNote(directory: string): Promise<Note | undefined> {
  try {
    const { pid, startTicks: ticks, socketDirectory, runtimeFile } = JSON.parse(await readFile(join(directory, noteName), 'utf8')) as Record<string, unknown>
    if (!Number.isSafeInteger(pid) || (pid as number) < 2 || typeof socketDirectory !== 'string' || typeof runtimeFile !== 'string') return undefined
    return { pid: pid as number, startTicks: typeof ticks === 'string' ? ticks : null, socketDirectory, runtimeFile }
  } catch {
    // None there, or half of one: there is nothing to go by.
    return undefined
  }
}
