import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startCommand } from '../../gateway/cli/start.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { tempDir } from '../support/temp-dir.ts'

describe('limen start', () => {
  it('that is told to stop before it is up ends with 0 and is never ready', async () => {
    const cwd = tempDir()
    await writeFile(join(cwd, 'limen.yaml'), 'mqtt: { port: 0 }\nhttp: { port: 0 }\nflows: { mode: off }\n')
    const early = createCapturedCli({ cwd })
    const code = await startCommand([], {
      ...early.deps,
      onStopSignal(listener) {
        listener('SIGTERM')
        return () => {}
      },
    })
    expect([code, early.out()]).toEqual([0, ''])
    // Nothing was left behind that would keep the next one from starting.
    let stop = (): void => {}
    const next = createCapturedCli({ cwd })
    const ended = startCommand([], {
      ...next.deps,
      stdout: Object.assign(next.deps.stdout, { write: (text: string) => { if (text.startsWith('limen ready')) stop(); return true } }),
      onStopSignal(listener) {
        stop = () => listener('SIGTERM')
        return () => {}
      },
    })
    expect(await ended).toBe(0)
  })
})
