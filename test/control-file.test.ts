import { mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createControlFile } from '../gateway/control-file.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import { eventually } from './support/eventually.ts'
import { createFakeClock } from './support/fake-clock.ts'
import { tempDir } from './support/temp-dir.ts'

function setUp(dataDir: string) {
  const clock = createFakeClock()
  return { clock, file: createControlFile({ dataDir, token: 'secret', http: () => ({ host: '::1', port: 8080 }) }, { clock, logger: silentLogger }) }
}

describe('the control file', () => {
  it('says where the gateway is, to its owner alone, and goes with it', async () => {
    const dataDir = tempDir()
    const { file } = setUp(dataDir)
    await file.start()
    expect(JSON.parse(await readFile(join(dataDir, 'control.json'), 'utf8'))).toEqual({ http: 'http://[::1]:8080', token: 'secret', pid: process.pid })
    expect((await stat(join(dataDir, 'control.json'))).mode & 0o777).toBe(0o600)
    await file.stop()
    expect(await readdir(dataDir)).toEqual([])
  })

  it('does not hold up a start where it cannot be written, and is written as soon as it can', async () => {
    const dataDir = join(tempDir(), 'data')
    const { clock, file } = setUp(dataDir)
    await file.start()
    await mkdir(dataDir)
    await clock.advance(5_000)
    await eventually('the file', () => stat(join(dataDir, 'control.json')).then(() => true, () => false))
    await file.stop()
    expect(await readdir(dataDir)).toEqual([])
  })

  it('of another gateway stays', async () => {
    const dataDir = tempDir()
    await writeFile(join(dataDir, 'other'), JSON.stringify({ http: 'http://127.0.0.1:1', token: 't', pid: process.pid + 1 }))
    const { file } = setUp(dataDir)
    await rename(join(dataDir, 'other'), join(dataDir, 'control.json'))
    await file.stop()
    expect(await readdir(dataDir)).toEqual(['control.json'])
  })
})
