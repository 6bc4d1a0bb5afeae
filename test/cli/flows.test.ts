import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { flowsCommand } from '../../gateway/cli/flows.ts'
import { runCommandLine } from '../../gateway/cli/run.ts'
import { startTicks } from '../../gateway/flows/proc.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { flowsRoom } from '../support/flows-room.ts'
import { freePort } from '../support/servers.ts'
import { tempDir } from '../support/temp-dir.ts'
import { controlToken, webScene } from '../support/web-scene.ts'

const [older, newer] = ['20261126T100000000Z', '20261126T110543123Z'] as const

/** A data directory with two versions of the flows. */
function scene() {
  const cwd = tempDir()
  const directory = join(cwd, 'data', 'flows')
  for (const id of [older, newer]) {
    mkdirSync(join(directory, 'versions', id), { recursive: true })
    writeFileSync(join(directory, 'versions', id, 'flows.json'), JSON.stringify([{ id, type: 'tab' }, { id: 'n', type: 'debug' }]))
  }
  writeFileSync(join(directory, 'flows.json'), '[]')
  const cli = createCapturedCli({ cwd })
  return { cwd, directory, cli, run: (...args: string[]) => flowsCommand(args, cli.deps), present: () => readFileSync(join(directory, 'flows.json'), 'utf8') }
}

/** A gateway's web room and flows on the same data directory, found by its control file. */
async function running(cwd: string, directory: string, on = true) {
  const { room, state } = flowsRoom({ directory })
  const { web } = webScene({}, undefined, on ? { desk: room.desk, proxy: room.proxy, maxMemoryBytes: 1 } : undefined)
  await web.start()
  if (on) {
    room.start()
    await state('running')
  }
  writeFileSync(join(cwd, 'data', 'control.json'), JSON.stringify({ http: `http://127.0.0.1:${web.address()!.port}`, token: controlToken, pid: process.pid }))
  return { room, state }
}

describe('limen flows', () => {
  it.each([
    [[], 'needs to know what to do'], [['deploy'], 'cannot "deploy"'], [['list', '1'], 'does not take "1"'], [['rollback', '1', '2'], 'does not take "2"'], [['rollback', '../x'], 'is no version'], [['rollback', '--to', 'x'], 'unknown option --to'],
  ])('says what to write instead of %j', async (args, message) => {
    await expect(scene().run(...args)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) as string, remedy: expect.stringMatching(/./) as string })
  })

  it('explains itself', async () => {
    const { cli } = scene()
    expect(await runCommandLine(['flows', '--help'], cli.deps)).toBe(0)
    expect(cli.out()).toMatch(/^limen flows list \| rollback \[VERSION\] {2}\[--config FILE\]\n[\s\S]*what is there now is kept/)
  })

  it('says so when there is no data directory', async () => {
    await expect(flowsCommand(['list'], createCapturedCli({ cwd: tempDir() }).deps)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('limen flows on a stopped gateway', () => {
  it('lists versions, and says where there are none', async () => {
    const { run, cli } = scene()
    expect(await run('list')).toBe(0)
    expect(cli.out()).toBe(`version              replaced                  tabs  nodes\n${newer}  2026-11-26T11:05:43.123Z  1     1\n${older}  2026-11-26T10:00:00.000Z  1     1\n`)
    const empty = tempDir()
    mkdirSync(join(empty, 'data'))
    const other = createCapturedCli({ cwd: empty })
    expect(await flowsCommand(['list'], other.deps)).toBe(0)
    expect([other.out(), other.err()]).toEqual(['', 'there is no version yet: nothing was deployed\n'])
    expect(await flowsCommand(['rollback'], other.deps)).toBe(1)
  })

  it('goes back to a version, to the newest by default, and back again', async () => {
    const { run, cli, present } = scene()
    expect(await run('rollback', older)).toBe(0)
    expect(JSON.parse(present())).toMatchObject([{ id: older }, {}])
    expect(cli.err()).toBe(`version ${older} (1 tab, 1 node) is back; the next start of the gateway runs it; limen flows rollback takes it back\n`)
    expect(await run('rollback')).toBe(0)
    expect(present()).toBe('[]')
    expect(await run('rollback', '20200101T000000000Z')).toBe(1)
    expect(cli.err()).toContain('there is no version 20200101T000000000Z; limen flows list shows them')
  })

  it('takes a control file that was left behind for what it is', async () => {
    const { run, cwd, present } = scene()
    writeFileSync(join(cwd, 'data', 'control.json'), JSON.stringify({ http: `http://127.0.0.1:${await freePort()}`, token: 'x', pid: 1 }))
    expect(await run('rollback', newer)).toBe(0)
    expect(present()).toContain(newer)
  })

  it.runIf(process.platform === 'linux')('does not change files on which flows still run', async () => {
    const { run, directory, present } = scene()
    const orphan = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'runtime.ts'], { stdio: 'ignore' })
    onTestFinished(() => void orphan.kill('SIGKILL'))
    writeFileSync(join(directory, 'process.json'), JSON.stringify({ pid: orphan.pid, startTicks: await startTicks(orphan.pid!), socketDirectory: '/tmp/none', runtimeFile: 'runtime.ts' }))
    await expect(run('rollback')).rejects.toMatchObject({ code: 'CONFLICT', remedy: expect.stringContaining(`kill -9 ${orphan.pid}`) as string })
    expect(present()).toBe('[]')
  })
})

describe('limen flows on a running gateway', () => {
  it('has its flows start anew on the version, and records who asked', async () => {
    const { run, cli, cwd, directory, present } = scene()
    const { room, state } = await running(cwd, directory)
    expect(await run('list')).toBe(0)
    expect(cli.out()).toContain(newer)
    expect(await run('rollback', older)).toBe(0)
    expect(cli.err()).toContain('the flows start anew on it')
    await state('running')
    expect(room.desk.status().restarts).toBe(1)
    expect(present()).toContain(older)
    expect(await run('rollback', '20200101T000000000Z')).toBe(1)
  })

  it('works in its data directory where its flows are off', async () => {
    const { run, cli, cwd, directory, present } = scene()
    await running(cwd, directory, false)
    expect(await run('rollback')).toBe(0)
    expect(present()).toContain(newer)
    expect(cli.err()).toContain('the next start of the gateway runs it')
  })
})
