import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'

// What Linux tells and lets be set of a process (proc(5)). Elsewhere, and of one that is gone, there is nothing: undefined.

/** Resident memory, in bytes; also of a process that answers nothing any more. Not from `statm`, whose pages have 4 or 16 KiB. */
export async function residentBytes(pid: number): Promise<number | undefined> {
  const text = await read(`/proc/${pid}/status`)
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(text ?? '')?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024
}

/** Processor time it has used so far, all threads, in ms (in steps of 10). */
export async function processorMs(pid: number): Promise<number | undefined> {
  const fields = await statOf(pid)
  // USER_HZ is 100 on every Linux that Node runs on.
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * 10
}

/** When it began, in ticks since boot: with the pid, which process it is. */
export async function startTicks(pid: number): Promise<string | undefined> {
  return (await statOf(pid))?.[19]
}

/** The fields behind the second, the name, which is in parentheses and may hold anything. */
async function statOf(pid: number): Promise<readonly string[] | undefined> {
  const stat = await read(`/proc/${pid}/stat`)
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
}

export async function commandLine(pid: number): Promise<readonly string[]> {
  return (await read(`/proc/${pid}/cmdline`))?.split('\0') ?? []
}

/** Where the machine runs out of memory, this process goes first. */
export async function giveUpFirst(pid: number): Promise<void> {
  try {
    await writeFile(`/proc/${pid}/oom_score_adj`, '1000')
  } catch {
    // Not Linux, or gone already: nothing is lost but the order.
  }
}

/**
 * A priority (19 is the lowest), for every thread it has: on Linux a priority is a thread's, and only those begun later inherit it.
 * Has effect against the gateway only within one session (autogroup), which is why the child is not detached.
 */
export function runAt(pid: number, nice: number): void {
  for (const thread of [pid, ...threadsOf(pid)]) {
    try {
      setPriority(thread, nice)
    } catch {
      // Gone already, or not allowed here.
    }
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number).filter((thread) => thread !== pid)
  } catch {
    return []
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
