import { readFileSync } from 'node:fs'

/** Resident memory of a process, bytes: all of it, and its share where pages are shared (Linux only). */
export function memoryOf(pid: number): { readonly rss: number; readonly pss: number } {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? Number.NaN)
  return { rss: kilobytes('Rss') * 1024, pss: kilobytes('Pss') * 1024 }
}

/** Bytes a process has caused to be written to a block device so far (what it wrote to a tmpfs does not count). */
export function bytesWrittenBy(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? Number.NaN)
}

/** Processor time the whole machine has used so far, in seconds over all cores. */
export function machineBusySeconds(): number {
  const [, user, nice, system] = readFileSync('/proc/stat', 'latin1').split('\n')[0]!.split(/\s+/).map(Number)
  return (user! + nice! + system!) / 100
}

/** Seconds of processor time a process has used so far, all threads. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100 // USER_HZ is 100 on every Linux that Node runs on
}
