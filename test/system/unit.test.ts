import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { unitTemplate } from '../../gateway/cli/init-files.ts'
import { mustRun, run } from '../support/programs.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A unit whose paths are there: systemd looks. */
function unitFile(): string {
  const directory = tempDir()
  const file = join(directory, 'limen.service')
  writeFileSync(file, unitTemplate({ node: process.execPath, main: resolve(import.meta.dirname, '../../gateway/main.ts'), directory }))
  return file
}

describe('the systemd unit', () => {
  it('is understood by systemd without a word', async () => {
    const file = unitFile()
    expect(await run('systemd-analyze', ['verify', file], { cwd: '/' })).toEqual({ code: 0, out: '', err: '' })
  })

  it('shuts the gateway in: exposure at most 2.0 of 10 as systemd judges it', async () => {
    const report = await mustRun('systemd-analyze', ['security', '--offline=true', '--no-pager', unitFile()], { cwd: '/' })
    expect(Number(/Overall exposure level for \S+: ([\d.]+)/.exec(report)?.[1])).toBeLessThanOrEqual(2)
  })

  it('allows what Node and the flows need: threads, memory that becomes code, sockets, a lower priority', () => {
    const allowed = new Set(callsOf('@system-service'))
    for (const call of callsOf('@privileged')) allowed.delete(call)
    const needed = ['clone3', 'execve', 'mmap', 'mprotect', 'futex', 'epoll_pwait', 'eventfd2', 'accept4', 'bind', 'listen', 'connect', 'fdatasync', 'pwrite64', 'setpriority', 'prlimit64', 'kill', 'sched_getaffinity', 'getrandom']
    expect(needed.filter((call) => !allowed.has(call))).toEqual([])
  })
})

/** A set of system calls with the sets in it. */
function callsOf(set: string): readonly string[] {
  const lines = execFileSync('systemd-analyze', ['syscall-filter', set], { encoding: 'utf8' }).split('\n').slice(1).map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#')).flatMap((line) => (line.startsWith('@') ? callsOf(line) : [line]))
}
