import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import type { CliDeps } from '../../gateway/cli/deps.ts'
import { exportCommand } from '../../gateway/cli/export.ts'
import { loadConfig } from '../../gateway/config/load.ts'
import type { SqliteStore } from '../../gateway/store/store.ts'
import { createStore } from '../../gateway/store/store.ts'
import { eventOf, putSeries, readingOf, seriesOf, stored } from '../contract/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const hr = seriesOf(1, 'bed-1', 'heart_rate')
const odd = seriesOf(2, 'bed "2", east\n', 'note')

async function openStore(directory: string): Promise<SqliteStore> {
  const store = createStore({ directory, commitWindowMs: 5 }, { onFatal: (error) => { throw error } })
  await store.start()
  return store
}

async function fill(store: SqliteStore): Promise<void> {
  putSeries(store, hr, { ward: 'east' })
  putSeries(store, odd)
  store.appendReading(readingOf(hr, 71.5, { ts: 1_000, tsGiven: true, receivedAt: 1_400, seq: 7, unit: '/min', k: 1 }), 60)
  store.appendReading(readingOf(odd, 'say "hi",\nthen go', { ts: 2_000, receivedAt: 2_000 }), 60)
  store.appendEvent(eventOf('a1', { type: 'limen.alarm.raised', time: '1970-01-01T00:00:02.000Z', data: { key: 'bed-1', rule: 'hr-high', device: 'bed-1', metric: 'heart_rate', from: 'normal', state: 'unacked', overlays: [], priority: 'high', value: 151, message: 'HR 151, high' } }))
  store.appendEvent(eventOf('x1', { type: 'door.opened', time: '1970-01-01T00:00:02.000Z' }))
  await stored(store)
  store.appendReading(readingOf(hr, true, { ts: 3_000, receivedAt: 3_000 }), 60)
  store.appendReading(readingOf(hr, NaN, { ts: 4_000, receivedAt: 4_000, quality: 'bad' }), 60)
  store.appendReading(readingOf(hr, null, { ts: 5_000, receivedAt: 5_000 }), 60)
  store.appendEvent(eventOf('a2', { type: 'limen.alarm.cleared', time: '1970-01-01T00:00:05.000Z', data: { key: 'bed-1', rule: 'hr-high', device: 'bed-1', metric: 'heart_rate', from: 'unacked', state: 'rtn-unacked', overlays: ['shelved', 'suppressed'], ruleVersion: 'v1', levelUp: true, shadow: true } }))
  await stored(store)
}

describe('limen export', () => {
  let cwd: string
  let deps: CliDeps
  let stdout: PassThrough
  beforeEach(() => {
    cwd = tempDir()
    stdout = new PassThrough({ highWaterMark: 1 << 20 })
    deps = {
      stdout, stderr: new PassThrough(), stdin: new PassThrough(), env: {}, cwd, clock: createFakeClock(),
      loadConfig: (path, overrides) => loadConfig({ path, overrides, env: {}, cwd }), onStopSignal: () => () => undefined,
    }
  })
  const run = async (...args: string[]): Promise<string> => {
    expect(await exportCommand(args, deps)).toBe(0)
    return (stdout.read() as Buffer | null)?.toString() ?? ''
  }
  const values = async (...args: string[]): Promise<unknown[]> =>
    (await run('--format', 'ndjson', ...args)).split('\n').slice(0, -1).map((line) => (JSON.parse(line) as { value: unknown }).value)

  async function filled(): Promise<void> {
    const store = await openStore(join(cwd, 'data'))
    await fill(store)
    await store.stop()
  }

  it('writes readings as JSON, a line each, with everything that was stored', async () => {
    await filled()
    const lines = (await run('--format', 'ndjson')).split('\n')
    expect(lines.pop()).toBe('')
    expect(lines).toHaveLength(5)
    expect(JSON.parse(lines[0]!)).toEqual({
      device: 'bed-1', metric: 'heart_rate', ts: 1_000, value: 71.5, unit: '/min', quality: 'good', seq: 7, k: 1, receivedAt: 1_400, tsGiven: true, labels: { ward: 'east' }, position: 1,
    })
    expect(JSON.parse(lines[1]!)).toMatchObject({ device: 'bed "2", east\n', value: 'say "hi",\nthen go', seq: null, unit: null, labels: {} })
    expect(JSON.parse(lines[3]!)).toMatchObject({ value: null, quality: 'bad' })
  })

  it('writes CSV that a spreadsheet reads back', async () => {
    await filled()
    expect(await run('--format', 'csv')).toBe(
      [
        'device,metric,ts,value,unit,quality,seq,k,receivedAt,labels,position',
        'bed-1,heart_rate,1000,71.5,/min,good,7,1,1400,"{""ward"":""east""}",1',
        '"bed ""2"", east\n",note,2000,"say ""hi"",\nthen go",,good,,0,2000,{},2',
        'bed-1,heart_rate,3000,true,,good,,0,3000,"{""ward"":""east""}",5',
        'bed-1,heart_rate,4000,NaN,,bad,,0,4000,"{""ward"":""east""}",6',
        'bed-1,heart_rate,5000,,,good,,0,5000,"{""ward"":""east""}",7',
        '',
      ].join('\n'),
    )
  })

  it('writes line protocol with k as nanoseconds, and leaves out what is no value', async () => {
    await filled()
    expect(await run('--format', 'lp')).toBe(
      [
        'reading,device=bed-1,metric=heart_rate,ward=east value=71.5 1000000001',
        'reading,device=bed\\ "2"\\,\\ east\\n,metric=note text="say \\"hi\\",\nthen go" 2000000000',
        'reading,device=bed-1,metric=heart_rate,ward=east value=1 3000000000',
        '',
      ].join('\n'),
    )
  })

  it('chooses by device, metric and event time, the end excluded', async () => {
    await filled()
    expect(await values('--device', 'bed-1')).toEqual([71.5, true, null, null])
    expect(await values('--metric', 'note')).toEqual(['say "hi",\nthen go'])
    expect(await values('--device', 'bed-9')).toEqual([])
    expect(await values('--from', '2000', '--to', '4000')).toEqual(['say "hi",\nthen go', true])
    expect(await values('--from', '1970-01-01T00:00:03Z', '--to', '1970-01-01T01:00:04+01:00')).toEqual([true])
    expect(await values('--to', '1970-01-01T00:00:01.001')).toEqual([71.5])
  })

  it('writes the alarm journal and nothing else with --alarms', async () => {
    await filled()
    const events = (await run('--alarms', '--format', 'ndjson')).split('\n').slice(0, -1).map((line) => (JSON.parse(line) as { id: string }).id)
    expect(events).toEqual(['a1', 'a2'])
    const [header, first, second] = (await run('--alarms', '--format', 'csv', '--device', 'bed-1')).split('\n')
    expect(header).toMatch(/^time,event,id,class,rule,key,device,metric,from,state,overlays/)
    expect(first).toMatch(/^1970-01-01T00:00:02.000Z,,,,hr-high,bed-1,bed-1,heart_rate,normal,unacked,,,high,151,,,,"HR 151, high"/)
    expect(second).toContain('shelved suppressed')
    expect(header).toMatch(/,by,note,reason,raisedAt,acknowledgedAt,acknowledgedBy,shelvedUntil,ruleVersion,levelUp,shadow$/)
    // Without these two nobody could tell from a table what was announced.
    expect(first).toMatch(/,,,$/)
    expect(second).toMatch(/,v1,true,true$/)
    expect(await run('--alarms', '--format', 'ndjson', '--rule', 'spo2-low')).toBe('')
    expect((await run('--alarms', '--format', 'ndjson', '--rule', 'hr-high')).split('\n')).toHaveLength(3)
    // As `rule=` of GET /api/v1/events.
    for (const rules of ['hr-*', '*', 'spo2-low, hr-high']) expect((await run('--alarms', '--format', 'ndjson', '--rule', rules)).split('\n'), rules).toHaveLength(3)
    expect(await run('--alarms', '--format', 'ndjson', '--rule', 'spo2-*,hr')).toBe('')
    expect(await run('--alarms', '--format', 'ndjson', '--from', '5000')).toMatch(/^\{[^\n]*a2[^\n]*\n$/)
    expect(await run('--alarms', '--format', 'ndjson', '--metric', 'spo2')).toBe('')
  })

  it('reads beside a running gateway, and what was committed after a kill', async () => {
    const store = await openStore(join(cwd, 'data'))
    await fill(store)
    expect(await values()).toHaveLength(5)
    store.appendReading(readingOf(hr, 6, { ts: 6_000 }), 60)
    await stored(store)
    expect(await values()).toHaveLength(6)
    await store.stop()

    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, '..', 'store', 'kill-writer.ts'), join(cwd, 'killed'), join(cwd, 'ledger')], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    const all = await values('--data', 'killed')
    expect(all.length).toBeGreaterThan(0)
    const acknowledged = new Set(readFileSync(join(cwd, 'ledger'), 'utf8').split('\n').slice(0, -1).map(Number).filter((position) => position % 10 !== 0))
    const exported = new Set(all)
    expect([...acknowledged].filter((position) => !exported.has(position))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })

  it('waits for a slow reader and ends quietly when the reader is gone', async () => {
    const store = await openStore(join(cwd, 'data'))
    putSeries(store, hr)
    for (let i = 0; i < 50_000; i++) store.appendReading(readingOf(hr, i, { ts: i }), 60)
    await stored(store)
    await store.stop()
    const narrow = new PassThrough({ highWaterMark: 1024 })
    const slow = exportCommand(['--format', 'ndjson'], { ...deps, stdout: narrow })
    await once(narrow, 'readable')
    expect(narrow.writableLength + narrow.readableLength).toBeLessThan(4 * 1024 * 1024)
    let lines = 0
    narrow.setEncoding('utf8').on('data', (text: string) => {
      lines += text.split('\n').length - 1
    })
    expect(await slow).toBe(0)
    narrow.end()
    await once(narrow, 'end')
    expect(lines).toBe(50_000)

    const broken = new PassThrough({ highWaterMark: 1024 })
    const cut = exportCommand(['--format', 'csv'], { ...deps, stdout: broken })
    await once(broken, 'readable')
    broken.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    expect(await cut).toBe(0)
  })

  it('says what to do where there is nothing to read', async () => {
    await expect(run('--format', 'csv')).rejects.toMatchObject({ code: 'NOT_FOUND', remedy: expect.stringContaining('data') })
    mkdirSync(join(cwd, 'data'))
    writeFileSync(join(cwd, 'data', 'limen.db'), 'no database at all'.repeat(100))
    await expect(run('--format', 'csv')).rejects.toMatchObject({ code: 'STORE_FAILED', remedy: expect.stringContaining('user') })
  })

  it.each([[[]], [['--format', 'xml']], [['--format']], [['--formt', 'csv']], [['--format', 'csv', '--from', 'yesterday']], [['--format', 'csv', '--from', '2026-04-31']], [['--format', 'lp', '--alarms']], [['--format', 'csv', '--rule', 'a']], [['--format', 'csv', 'x']], [['--format', 'csv', '--alarms', '--from', '2026-02-01', '--to', '2026-01-01']]])(
    'says what to write instead of %j',
    async (args) => {
      await expect(exportCommand(args, deps)).rejects.toMatchObject({ code: 'USAGE', remedy: expect.stringMatching(/write|did you mean/) })
    },
  )
})
