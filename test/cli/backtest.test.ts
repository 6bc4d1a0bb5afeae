import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { backtestScene, jsonl } from '../support/backtest-cli.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const hot = '- { id: hot, on: { metric: t }, when: { above: 80, hysteresis: 2 }, ack: auto }\n'
const t = (at: number, value: unknown, more: object = {}): object => ({ at, device: 'oven', metric: 't', value, ...more })

describe('the form of limen backtest', () => {
  it.each([
    [[], 'needs something to run over'],
    [['--rules', 'r.yaml'], 'needs something to run over'],
    [['--input', 'x'], 'needs rules'],
    [['--csv', 'x', '--device', 'd'], 'needs rules'],
    [['--rules', 'r.yaml', '--input', 'x', '--csv', 'y'], 'takes one input'],
    [['--rules', 'r.yaml', '--csv', 'y'], 'needs the device'],
    [['--rules', 'r.yaml', '--input', 'x', '--device', 'd'], '--device of "limen backtest" goes with --csv'],
    [['--rules', 'r.yaml', '--input', 'x', '--metric', 'm'], '--metric of "limen backtest" goes with --csv'],
    [['--rules', 'r.yaml', '--input', 'x', '--from', '1'], '--from of "limen backtest" goes with the log'],
    [['--rules', 'r.yaml', '--csv', 'x', '--device', 'd', '--data', 'x'], '--data of "limen backtest" goes with the log'],
    [['--config', 'limen.yaml', '--from', 'yesterday'], '"yesterday" is no time'],
    [['--config', 'limen.yaml', '--from', '2', '--to', '1'], 'is not before --to'],
    [['--rule', 'r.yaml'], 'unknown option --rule'],
    [['--rules'], 'needs a value'],
    [['x'], 'does not take "x"'],
    [['--rules', 'r.yaml', '--csv', 'v.csv', '--device', 'd'], 'needs --metric M'],
    [['--rules', 'r.yaml', '--csv', 'two.csv', '--device', 'd', '--metric', 't'], 'and another column is'],
  ])('%j is refused in one line that says what to write', async (args, words) => {
    const { run } = backtestScene({ 'r.yaml': hot, 'v.csv': 'time,value\n0,1\n', 'two.csv': 'time,value,t\n0,1,2\n' })
    const { code, err, lines } = await run(args)
    expect([code, lines]).toEqual([2, []])
    expect(err).toMatch(/^limen: [^\n]+; [^\n]+\n$/)
    expect(err).toContain(words)
  })
})

describe('what limen backtest cannot read', () => {
  it.each([
    ['{"at":0', ':1: no JSON', 'one JSON object a line'],
    ['{"at":0,"device":"d","metric":"m","value":NaN}', ':1: no JSON', 'write "NaN"'],
    ['[]', ':1: no JSON object', '{"at":0,'],
    ['5', ':1: no JSON object', '{"at":0,'],
    ['{"device":"d","metric":"m","value":1}', ':1: the line has no `at`', 'milliseconds'],
    ['{"at":"0"}', ':1: `at` is "0"', 'milliseconds'],
    ['{"at":9007199254740991,"device":"d","metric":"m","value":9}', ':1: the time would be 9007199254740991 ms', 'milliseconds'],
    ['{"at":0,"wallClockStepMs":1e300}', ':1: the time would be 1e+300 ms', 'milliseconds'],
    ['{"at":0,"restart":{"downMs":1e16}}', ':1: the time would be 10000000000000000 ms', 'milliseconds'],
    ['{"at":0,"device":"d","metric":"m","value":1,"values":{"m":2}}', ':1: the line says `metric` and `values` at once', 'a line for each'],
    ['{"at":5}\n\n{"at":4}', ':3: at 4 comes after 5', 'rising order'],
    ['{"at":0,"restart":{"downMs":10}}\n{"at":5}', ':2: at 5 the gateway is down until 10', 'leave out'],
    ['{"at":0,"restart":{}}', ':1: restart.downMs: undefined is no number', 'docs/rules/backtest.md'],
    ['{"at":0,"restart":{"downMs":-1}}', ':1: restart.downMs is less than 0', 'docs/rules/backtest.md'],
    ['{"at":0,"wallClockStepMs":"1h"}', ':1: wallClockStepMs: "1h" is no number', 'docs/rules/backtest.md'],
    ['{"at":0,"device":"d","metric":"m"}', ':1: the reading has no `value`', 'null for a missing one'],
    ['{"at":0,"device":"d"}', ':1: the line names a device and says nothing of it', '"metric" and "value"'],
    ['{"at":0,"metric":"m","value":1}', ':1: the reading has no `device`', '"device":"bed-1"'],
    ['{"at":0,"device":7,"metric":"m","value":1}', ':1: device: 7 is no name', '"device":"bed-1"'],
    ['{"at":0,"device":"d","metric":"","value":1}', ':1: metric: "" is no name', '"metric":"spo2"'],
    ['{"at":0,"device":"d","values":[1]}', ':1: `values` is no object', '"values":{'],
    ['{"at":0,"device":"d","metric":"m","value":1,"ts":"noon"}', ':1: ts is "noon"', 'ISO 8601'],
    ['{"at":0,"device":"d","metric":"m","value":1,"seq":1.5}', ':1: seq is 1.5', 'whole number'],
    ['{"at":0,"device":"d","metric":"m","value":1,"unit":5}', ':1: unit: 5 is no text', 'UCUM'],
    ['{"at":0,"divice":"d"}', ':1: `divice` says nothing here', 'metric, values, event'],
    ['{"at":0,"event":"a","do":"ack"}', ':1: the line says `event` and `do` at once', 'a line for each'],
    ['{"at":0,"event":""}', ':1: event: "" is no type', '"event":"login.failed"'],
    ['{"at":0,"do":"acknowledge","rule":"hot","device":"d"}', ':1: do: "acknowledge" is none of ack, reset', 'docs/rules/backtest.md'],
    ['{"at":0,"do":"ack","device":"d"}', ':1: an operator line needs `rule`', '"do":"ack"'],
    ['{"at":0,"do":"shelve","rule":"hot","device":"d","until":"later"}', ':1: until: "later" is no time', 'ISO 8601'],
    ['{"at":0,"do":"ack","rule":"hot","device":"d","by":7}', ':1: by: 7 is no text', 'docs/rules/backtest.md'],
    ['{"at":0,"do":"shelve","rule":"hot","device":"d","oneShot":1}', ':1: oneShot: 1 is neither', 'docs/rules/backtest.md'],
  ])('%s is told with file, line and remedy', async (text, words, remedy) => {
    const { run, write } = backtestScene({ 'r.yaml': hot })
    write('in.jsonl', text)
    const fromFile = await run(['--rules', 'r.yaml', '--input', 'in.jsonl'])
    expect(fromFile).toMatchObject({ code: 1, summary: undefined, err: expect.stringContaining(`limen: in.jsonl${words}`) as string })
    expect(fromFile.err).toContain(remedy)
    expect((await run(['--rules', 'r.yaml', '--input', '-'], { input: text })).err).toContain(`limen: standard input${words}`)
  })

  it('is none that has members which are null: a table that was written as lines has all of them in each', async () => {
    const { run } = backtestScene({ 'r.yaml': hot })
    const all = { device: null, metric: null, value: null, values: null, ts: null, seq: null, event: null, data: null, do: null, rule: null, key: null, occurrence: null, by: null, note: null, until: null, oneShot: null, restart: null, wallClockStepMs: null }
    const input = jsonl(
      { ...all, at: 0, device: 'oven', metric: 't', value: null }, { ...all, at: 1, device: 'oven', metric: 't', value: 90 }, { ...all, at: 2, device: 'oven', values: { t: 91, u: null } },
      { ...all, at: 3, do: 'shelve', rule: 'hot', device: 'oven', oneShot: true }, { ...all, at: 4, do: 'ack', rule: 'hot', key: 'oven' }, { ...all, at: 5, event: 'login.failed' },
      { ...all, at: 6, restart: { downMs: 1 } }, { ...all, at: 8, wallClockStepMs: 5 }, { ...all, at: 9, device: 'oven', metric: 't', value: 0 }, { ...all, at: 10 },
    )
    expect(await run(['--rules', 'r.yaml', '--input', '-'], { input })).toMatchObject({ code: 0, told: ['1 hot oven raised', '3 hot oven shelved', '4 hot oven tracked', '9 hot oven tracked', '9 hot oven unshelved'] })
    expect((await run(['--rules', 'r.yaml', '--input', '-'], { input: jsonl({ ...all, at: 0, device: 'oven', metric: 't', value: undefined }) })).err).toContain('the reading has no `value`')
  })

  it('leaves what came before it in the output', async () => {
    const { run } = backtestScene({ 'r.yaml': hot })
    const { code, told, summary } = await run(['--rules', 'r.yaml', '--input', '-'], { input: `${jsonl(t(0, 90))}{\n` })
    expect([code, told, summary]).toEqual([1, ['0 hot oven raised'], undefined])
  })

  it.each([
    ['t,a\n1,2,3\n', 'c.csv:2: 3 cells'], ['t,a\nnoon,2\n', 'c.csv:2: "noon" is no time'], ['hour,a\n2026-01-01,2\n', 'a column "hour" holds numbers'], ['', 'c.csv: empty'], ['t\n1\n', 'c.csv:1: one column'], ['t,a,a\n', 'c.csv:1: two columns are named "a"'], ['t,a\n1,"x\n', 'c.csv:2: a quotation mark'],
  ])('of a CSV %j is told with its place', async (text, words) => {
    const { run } = backtestScene({ 'r.yaml': hot, 'c.csv': text })
    expect(await run(['--rules', 'r.yaml', '--csv', 'c.csv', '--device', 'd'])).toMatchObject({ code: 1, err: expect.stringContaining(words) as string, summary: undefined })
  })

  it('are files that are not there, rules that are wrong, a data directory without a log', async () => {
    const { run } = backtestScene({ 'r.yaml': hot, 'wrong.yaml': '- { id: hot, on: { metric: t }, when: { abov: 1 } }\n' })
    expect((await run(['--rules', 'r.yaml', '--input', 'none.jsonl'])).err).toBe('limen: there is no file none.jsonl\n  mend the path; it is relative to the working directory\n')
    expect((await run(['--rules', 'r.yaml', '--input', '.'])).err).toContain('. cannot be read (EISDIR)')
    expect((await run(['--rules', 'none.yaml', '--input', 'x'])).err).toContain('there is no file none.yaml; mend the path; it is relative to the working directory')
    expect(await run(['--rules', 'wrong.yaml', '--input', 'x'])).toMatchObject({ code: 1, err: expect.stringMatching(/^limen: the rules of wrong\.yaml have errors\n {2}wrong\.yaml:1:41 rules\[0\]\.when\.abov: /) as string })
    expect((await run(['--config', 'limen.yaml'])).err).toContain('limen.yaml')
    expect((await run(['--data', 'nowhere'])).err).toContain('There is no')
  })
})

describe('limen backtest over lines of JSON', () => {
  it('takes a pipe, whatever its chunks, blank lines and line ends', async () => {
    const { run } = backtestScene({ 'r.yaml': hot })
    const pipe = new PassThrough()
    const running = run(['--rules', 'r.yaml', '--input', '-'], { input: pipe })
    for (const byte of Buffer.from(`\uFEFF${jsonl(t(0, 90))}\r\n   \n${JSON.stringify(t(1_000, 20))}\r\n{"at":2000,"device":"öfen","metric":"t","value":90}`)) pipe.write(Buffer.from([byte]))
    pipe.end()
    expect((await running).told).toEqual(['0 hot oven raised', '1000 hot oven cleared', '2000 hot öfen raised'])
  })

  it('counts: alarms, short ones, late, redelivered and refused', async () => {
    const { run } = backtestScene({ 'r.yaml': '- { id: hot, on: { metric: t }, when: { above: 80 } }\n- { id: mean, on: { metric: u }, when: { aggregate: { fn: avg, window: { sliding: 1min }, gt: 1000 } } }\n' })
    const { told, summary } = await run(['--rules', 'r.yaml', '--input', '-'], { input: jsonl(
      t(0, 90, { seq: 1 }),
      t(100, 90, { seq: 1 }),
      // 20 s: short. Nobody has acknowledged, so that the next is the same alarm once more, for 30 s: not short.
      t(20_000, 20, { seq: 2 }), t(30_000, 90, { seq: 3 }), t(60_000, 20, { seq: 4 }),
      { at: 61_000, do: 'ack', rule: 'hot', device: 'oven', occurrence: 1 },
      { at: 61_000, do: 'reset', rule: 'hot', device: 'oven' },
      { at: 61_000, do: 'ack', rule: 'hot', device: 'oven' },
      // Announced again when shelving ends, which is no other alarm; over within 30 s of its beginning.
      t(70_000, 90, { seq: 5 }), { at: 71_000, do: 'shelve', rule: 'hot', device: 'oven', until: 75_000 }, { at: 80_000 }, t(81_000, 20, { seq: 6 }),
      { at: 82_000, do: 'ack', rule: 'hot', device: 'oven' },
      // Up and gone while shelved: nobody heard of it.
      { at: 83_000, do: 'shelve', rule: 'hot', device: 'oven', until: 100_000 }, t(84_000, 90, { seq: 7 }), t(85_000, 20, { seq: 8 }), { at: 101_000 },
      { at: 102_000, device: 'oven', values: { u: 1 }, ts: 102_000 }, { at: 103_000, device: 'oven', values: { u: 1 }, ts: 95_000 }, { at: 104_000, device: 'oven', values: { u: 1 }, ts: 98_000 },
    ) })
    expect(told).toEqual([
      '0 hot oven raised', '20000 hot oven returned', '30000 hot oven reraised', '60000 hot oven returned', '61000 hot oven rejected', '61000 hot oven rejected', '61000 hot oven acked', '61000 hot oven cleared',
      '70000 hot oven raised', '71000 hot oven shelved', '75000 hot oven unshelved', '75000 hot oven raised', '81000 hot oven returned', '82000 hot oven acked', '82000 hot oven cleared',
      '83000 hot oven shelved', '84000 hot oven tracked', '85000 hot oven tracked', '100000 hot oven unshelved',
    ])
    expect(summary).toMatchObject({ readings: 11, transitions: 19, alarms: 3, shorterThan30s: 2, late: 1, duplicates: 1, rejected: 2, stateHash: expect.stringMatching(/^[0-9a-f]{32}$/) as string })
  })

  it('takes in what a device sends as the live gateway does: nested members, words, infinities, missing values', async () => {
    const { run } = backtestScene({ 'r.yaml': '- { id: any, on: { metric: "*" }, when: { above: 0 }, ack: auto }\n- { id: on, on: { metric: door }, when: { equals: true } }\n' })
    const { told } = await run(['--rules', 'r.yaml', '--input', '-'], { input: jsonl({ at: 0, device: 'd', values: { air: { t: 1, rh: null }, door: 'ON', x: 'NaN', y: 'inf' } }) })
    expect(told).toEqual(['0 any d.air.t raised', '0 on d raised'])
  })

  it('takes units, text as numbers and scores from the devices of a limen.yaml, by name or by what is in it', async () => {
    const config = 'devices:\n  bed-2: { news2Scale: 2 }\n  "oven*": { metrics: { t: { unit: Cel, coerce: true } } }\nrules:\n  - { id: news, on: { device: "bed-*" }, when: { score: { table: news2, maxAge: 15min } } }\n  - { id: hot, on: { metric: t }, unit: Cel, when: { above: 80 }, ack: auto }\n'
    const { run } = backtestScene({ 'limen.yaml': config, 'site.yml': config, 'hot.yaml': hot })
    const values = { respiratory_rate: 16, spo2: 97, supplemental_oxygen: 'yes', systolic_bp: 120, heart_rate: 80, consciousness: 'A', temperature: 37 }
    const input = jsonl(
      { at: 0, device: 'bed-1', values }, { at: 0, device: 'bed-2', values },
      { at: 1, device: 'oven-1', metric: 't', value: '85' }, { at: 2, device: 'oven-1', metric: 't', value: 150, unit: '[degF]' }, { at: 3, device: 'oven-1', metric: 't', value: 190, unit: '[degF]' }, { at: 4, device: 'oven-1', metric: 't', value: 1, unit: 'm' },
    )
    for (const args of [['--rules', 'limen.yaml'], ['--rules', 'site.yml']]) {
      const { told, lines } = await run([...args, '--input', '-'], { input })
      expect(told).toEqual(['0 news bed-2 raised', '1 hot oven-1 raised', '2 hot oven-1 cleared', '3 hot oven-1 raised', '4 hot oven-1 quality-changed'])
      expect(lines[0]!.level).toBe('medium')
      expect(lines[3]!.value).toBeCloseTo(87.78, 2)
    }
    // Of a file of rules the devices are those of --config.
    expect((await run(['--rules', 'hot.yaml', '--config', 'limen.yaml', '--input', '-'], { input })).told).toEqual(['1 hot oven-1 raised', '2 hot oven-1 cleared', '3 hot oven-1 raised', '4 hot oven-1 quality-changed'])
    expect((await run(['--rules', 'hot.yaml', '--input', '-'], { input })).told).toEqual(['2 hot oven-1 raised', '4 hot oven-1 cleared'])
  })

  it('counts devices of the configuration as absent from the first line on, though they were never seen', async () => {
    const { run } = backtestScene({ 'limen.yaml': 'devices:\n  bed-1: { type: m }\n  bed-2: { type: m }\nrules:\n  - { id: silent, on: { device: "bed-*" }, when: { absent: { after: 30s, grace: 60s } } }\n  - { id: by-type, on: { deviceType: m }, when: { absent: { after: 75s } }, key: rule }\n' })
    const input = jsonl({ at: 1_000, device: 'bed-2', metric: 'hr', value: 70 }, { at: 10_000, restart: { downMs: 10_000 } }, { at: 21_000, device: 'bed-2', metric: 'hr', value: 71 }, { at: 100_000 })
    expect((await run(['--rules', 'limen.yaml', '--input', '-'], { input })).told).toEqual(['51000 silent bed-2 raised', '80000 silent bed-1 raised', '96000 by-type by-type raised'])
  })

  it('knows a configuration by its keys in JSON, too', async () => {
    const rules = [{ id: 'hot', on: { metric: 't' }, when: { above: 80 } }]
    const devices = { 'o*': { metrics: { t: { max: 100 } } } }
    const { run } = backtestScene({ 'c.json': JSON.stringify({ rules, devices }), 'r.json': JSON.stringify({ rules: [{ ...rules[0], on: { metric: 't', label: { data: '*' } } }] }) })
    const input = jsonl({ at: 0, device: 'oven', metric: 't', value: 120 })
    expect((await run(['--rules', 'c.json', '--input', '-'], { input })).told).toEqual(['0 technical.range oven.t raised'])
    expect((await run(['--rules', 'r.json', '--input', '-'], { input })).told).toEqual(['0 hot oven raised'])
  })

  it('lets rules name the zones and tables of a site', async () => {
    const { run } = backtestScene({
      'site.yaml': 'site: s\nrules: [zones.yaml]\n', 'zones.yaml': 'zones:\n  ward: { circle: { lat: 51.5, lon: -0.1, radius: 100m } }\n', 'broken.yaml': 'site: s\nrules: [{ id: a }]\n',
      'away.yaml': '- { id: away, on: { device: "c-*" }, when: { geofence: { zone: ward, on: exit, fixes: 1 } }, then: [{ notify: whoever }] }\n',
    })
    const input = jsonl({ at: 0, device: 'c-1', values: { lat: 51.5, lon: -0.1 } }, { at: 1, device: 'c-1', values: { lat: 52, lon: -0.1 } })
    expect((await run(['--rules', 'away.yaml', '--config', 'site.yaml', '--input', '-'], { input })).told).toEqual(['1 away c-1 raised'])
    expect((await run(['--rules', 'away.yaml', '--input', '-'], { input })).err).toContain('there is no zone "ward"')
    expect((await run(['--rules', 'away.yaml', '--config', 'broken.yaml', '--input', '-'], { input })).err).toContain('the rules of broken.yaml have errors')
  })

  it('says at once which rule cannot be carried out', async () => {
    const { run } = backtestScene({ 'r.yaml': '- { id: sum, on: { metric: t }, when: { expression: "value + metrics.u > 1.0" } }\n' })
    const { code, lines } = await run(['--rules', 'r.yaml', '--input', '-'], { input: jsonl(t(0, 1), { at: 1, device: 'oven', values: { t: 1, u: 'x' } }) })
    expect(code).toBe(0)
    expect(lines.every(({ rule }) => rule === 'technical.rule' || rule === 'sum')).toBe(true)
  })

  for (const name of readdirSync(join(import.meta.dirname, '../cases/timelines')).filter((one) => /^h\d/.test(one))) {
    it(`gives timeline ${name}`, async () => {
      const read = (file: string): string => readFileSync(join(import.meta.dirname, '../cases/timelines', name, file), 'utf8')
      const { run } = backtestScene({ 'rules.yaml': read('rules.yaml'), 'in.jsonl': read('input.jsonl') })
      const { code, lines, summary } = await run(['--rules', 'rules.yaml', '--input', 'in.jsonl'])
      const expected = read('expected.jsonl').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as object)
      expect(code).toBe(0)
      expect(lines).toMatchObject(expected)
      expect(lines.length).toBe(expected.length)
      expect(summary).toMatchObject({ transitions: expected.length, alarms: lines.filter(({ event }) => event === 'raised' || event === 'reraised').length })
    })
  }
})

describe('limen backtest over a CSV', () => {
  const rules = { 'r.yaml': hot }
  it.each([
    ['hour,t\n0,90\n0.5,20\n', [], ['0 hot d raised', '1800000 hot d cleared']],
    ['time,t\n2026-01-01T00:00:00,90\n2026-01-01 00:00:30Z,20\n', [], ['1767225600000 hot d raised', '1767225630000 hot d cleared']],
    ['ms,t\n1767225600000,90\n1767225601000,20\n', [], ['1767225600000 hot d raised', '1767225601000 hot d cleared']],
    ['when,value\r\n0,90\r\n10,20\r\n', ['--metric', 't'], ['0 hot d raised', '10 hot d cleared']],
    // An empty cell is missing, and a quoted one may hold a comma.
    ['t0,note,t\n0,"a, b",90\n5,,\n10," ",20\n', [], ['0 hot d raised', '10 hot d cleared']],
  ])('reads %j', async (text, args, told) => {
    const { run } = backtestScene({ ...rules, 'c.csv': text })
    expect(await run(['--rules', 'r.yaml', '--csv', 'c.csv', '--device', 'd', ...args])).toMatchObject({ code: 0, told, err: '' })
    expect(await run(['--rules', 'r.yaml', '--csv', '-', '--device', 'd', ...args], { input: text })).toMatchObject({ code: 0, told })
  })

  it('takes rows that do not rise as late ones, and the same row again as redelivered', async () => {
    const { run } = backtestScene({ ...rules, 'c.csv': 'ms,t\n10000,20\n20000,20\n15000,90\n20000,20\n30000,90\n' })
    const { told, summary } = await run(['--rules', 'r.yaml', '--csv', 'c.csv', '--device', 'd'])
    expect(told).toEqual(['30000 hot d raised'])
    expect(summary).toMatchObject({ readings: 4, duplicates: 1, alarms: 1 })
  })

  it('finds in a recorded stay what a score says of it', async () => {
    const { run, write } = backtestScene({ 'r.yaml': '- { id: news, on: { device: "*" }, when: { score: { table: news2, maxAge: 2h } }, ack: auto }\n' })
    write('stay.csv', readFileSync(join(import.meta.dirname, '../cases/news2/stay.csv'), 'utf8'))
    const { code, lines, summary } = await run(['--rules', 'r.yaml', '--csv', 'stay.csv', '--device', 'bed-1'])
    expect(code).toBe(0)
    expect(lines[0]).toMatchObject({ at: 3_600_000, rule: 'news', event: 'raised', level: 'low-medium' })
    expect(summary!.readings).toBeGreaterThan(100)
  })
})

describe('limen backtest on a terminal', () => {
  it('shows how far it is, elsewhere not', async () => {
    const { run } = backtestScene({ 'r.yaml': hot })
    const clock = createFakeClock()
    let shown = ''
    const terminal = Object.assign(new Writable({ write: (chunk: Buffer, _encoding, done) => { shown += chunk.toString(); done() } }), { isTTY: true })
    // A second passes with every part of the input.
    async function* parts(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 4; i++) {
        await clock.advance(1_000)
        yield Buffer.from(jsonl(...Array.from({ length: 500 }, (_, n) => t(i * 1_000 + n, 20))))
      }
    }
    const args = ['--rules', 'r.yaml', '--input', '-']
    expect((await run(args, { input: Readable.from(parts()), clock, stderr: terminal })).code).toBe(0)
    expect(shown.replaceAll('\u001B[K', '.')).toMatch(/^\r500 readings, [\d,]+\/s\.\r1,000 readings, [^]*\r\.$/)
    expect((await run(args, { input: Readable.from(parts()), clock })).err).toBe('')
  })

  it('ends at a signal with what it found until then, and says that it did', async () => {
    const { run } = backtestScene({ 'r.yaml': hot })
    const input = new PassThrough()
    const heard = Promise.withResolvers<() => void>()
    const written = Promise.withResolvers<void>()
    const running = run(['--rules', 'r.yaml', '--input', '-'], { input, onStopSignal: (listener) => { heard.resolve(() => listener('SIGINT')); return () => {} }, onWrite: written.resolve })
    input.write(jsonl(t(0, 90)))
    const stop = await heard.promise
    await written.promise
    stop()
    expect(await running).toMatchObject({ code: 1, told: ['0 hot oven raised'], summary: undefined, err: expect.stringContaining('stopped before the end') as string })
  })
})
