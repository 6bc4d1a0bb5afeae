import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../gateway/kernel/problem.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import { loadRules, readRules } from '../../gateway/rules/load.ts'
import { loadRulesApart } from '../../gateway/rules/load-apart.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { tempDir } from '../support/temp-dir.ts'

const deps = { kinds: kindSchemas, targets: new Set(['nurse-call']) }

function read(text: string): readonly Rule[] {
  const { rules, problems } = readRules(text, 'rules.yaml', deps)
  expect(problems.map(formatProblem)).toEqual([])
  return rules
}
const one = (members: string): Rule => read(`- { id: r, on: { metric: m }, ${members} }`)[0]!

const files = (pattern: string) => ({ kind: 'files', pattern, place: { file: 'limen.yaml', line: 1, column: 9 }, path: 'rules[0]' }) as const

function directory(contents: Readonly<Record<string, string>>): string {
  const path = tempDir()
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(join(path, name, '..'), { recursive: true })
    writeFileSync(join(path, name), content)
  }
  return path
}
const rule = (id: string, above = 1): string => `{ id: ${id}, on: { metric: m }, when: { above: ${above} } }\n`

describe('a rule', () => {
  it('has every default filled in', () => {
    expect(one('when: { above: 1 }')).toEqual({
      id: 'r',
      class: 'process',
      on: { metric: 'm' },
      when: { kind: 'level', spec: { form: 'limits', limits: { hi: 1 }, hysteresis: 0 } },
      forMs: 0,
      clearForMs: 0,
      staleMs: undefined,
      unit: undefined,
      priority: 'medium',
      latch: false,
      ack: 'required',
      key: 'device',
      schedule: undefined,
      realarmMs: undefined,
      escalateMs: [],
      message: '{metric} {value}{unit} on {device}',
      then: [],
      mode: 'live',
      source: { file: 'rules.yaml', line: 1 },
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
      conditionVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })

  it('is read whole, as the document shows it', () => {
    const [given] = read(`
rules:
  - id: spo2-low
    on: { metric: spo2, device: "bed-*", deviceType: monitor, label: { ward: east } }
    when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
    for: 10s
    clearFor: 1min
    stale: 30s
    unit: percent
    priority: { lolo: high }
    latch: true
    ack: auto
    key: rule
    message: "SpO₂ {value}{unit} on {device}"
    then:
      - command: { device: "fan-{device}", actuator: power, value: on, ttl: 5s, safeValue: off }
      - command: { device: lamp, actuator: light, value: 80, release: awaitReset, confirm: state, doneWithin: 1min }
      - { notify: nurse-call, resolved: false }
      - { notify: nurse-call }
    mode: shadow
`)
    expect(given).toMatchObject({
      on: { metric: 'spo2', device: 'bed-*', deviceType: 'monitor', label: { ward: 'east' } },
      when: { kind: 'level', spec: { form: 'limits', limits: { lolo: 85, lo: 90 }, hysteresis: 2 } },
      forMs: 10_000,
      clearForMs: 60_000,
      staleMs: 30_000,
      unit: '%',
      priority: { lolo: 'high', lo: 'medium' },
      latch: true,
      ack: 'auto',
      key: 'rule',
      then: [
        { command: { device: 'fan-{device}', actuator: 'power', value: 'on', ttlMs: 5_000, release: 'safe', safeValue: 'off', confirm: 'ack' } },
        { command: { value: 80, ttlMs: 30_000, release: 'awaitReset', safeValue: undefined, confirm: 'state', doneWithinMs: 60_000 } },
        { notify: 'nurse-call', resolved: false },
        { notify: 'nurse-call', resolved: true },
      ],
      mode: 'shadow',
      source: { line: 3 },
    })
  })

  it('releases safe where it has a safe value, else holds', () => {
    const command = (members: string) => one(`when: { above: 1 }, then: [{ command: { device: d, actuator: a, value: 1${members} } }]`).then[0]
    expect(command('')).toMatchObject({ command: { release: 'hold' } })
    expect(command(', safeValue: false')).toMatchObject({ command: { release: 'safe', safeValue: false } })
    expect(command(', safeValue: 0, release: hold')).toMatchObject({ command: { release: 'hold', safeValue: 0 } })
  })

  it.each([
    ['above: 5, hysteresis: 1', { form: 'limits', limits: { hi: 5 }, hysteresis: 1 }],
    ['below: -5', { form: 'limits', limits: { lo: -5 }, hysteresis: 0 }],
    ['above: 5, below: 1', { form: 'limits', limits: { lo: 1, hi: 5 }, hysteresis: 0 }],
    ['equals: true', { form: 'equals', equals: true }],
    ['equals: ON', { form: 'equals', equals: 'ON' }],
    ['equals: 0', { form: 'equals', equals: 0 }],
  ])('takes the short form { %s }', (written, spec) => {
    expect(one(`when: { ${written} }`).when).toEqual({ kind: 'level', spec })
  })

  it('says when an alarm is announced again and when it is escalated; neither makes another condition of it', () => {
    const again = one('when: { above: 1 }, realarm: 1h, escalate: [2min, 5min]')
    expect(again).toMatchObject({ realarmMs: 3_600_000, escalateMs: [120_000, 300_000] })
    const plain = one('when: { above: 1 }, escalate: []')
    expect(plain).toMatchObject({ realarmMs: undefined, escalateMs: [] })
    expect(again.conditionVersion).toBe(plain.conditionVersion)
    expect(again.version).not.toBe(plain.version)
  })

  it('gives absence its grace by default', () => {
    expect(one('when: { absent: { after: 30s } }').when).toEqual({ kind: 'absent', spec: { afterMs: 30_000, graceMs: 30_000 } })
    expect(one('when: { absent: { after: 30s, grace: 0s } }').when.spec).toEqual({ afterMs: 30_000, graceMs: 0 })
  })

  it('overrides one of the gateway’s own alarms', () => {
    expect(read('- { id: technical.offline, then: [{ notify: nurse-call }] }')[0]).toMatchObject({ class: 'technical', priority: 'medium', ack: 'auto', message: '', when: { kind: 'technical' }, then: [{ notify: 'nurse-call' }] })
    expect(read('- { id: technical.influx, priority: low, mode: off }')[0]).toMatchObject({ priority: 'low', mode: 'off', realarmMs: undefined, escalateMs: [] })
    expect(read('- { id: technical.disk, realarm: 8h, escalate: [10min, 30min] }')[0]).toMatchObject({ realarmMs: 28_800_000, escalateMs: [600_000, 1_800_000] })
  })

  it('survives the names of objects’ own members as ids, metrics, labels and levels', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const [given] = read(`- { id: ${name}, on: { metric: ${name}, label: { ${name}: ${name} } }, when: { above: 1 } }`)
      expect(Object.entries(given!.on.label!)).toEqual([[name, name]])
      expect(readRules(`- { id: r, on: { metric: m }, when: { ${name}: 1 } }`, 'r', deps).problems).toHaveLength(1)
      expect(readRules(`- { id: r, on: { metric: m }, when: { above: 1 }, priority: { ${name}: high } }`, 'r', deps).problems).toHaveLength(1)
      expect(readRules(`- { id: technical.${name} }`, 'r', deps).problems).toHaveLength(1)
    }
  })
})

describe('versions of a rule', () => {
  it('do not depend on the order of keys, comments or place', () => {
    const a = read('- { id: r, on: { metric: m, device: d }, when: { level: { hi: 1, lo: 0 } }, for: 60s }')[0]!
    const b = read('# moved\n\n- when: { level: { lo: 0.0, hi: 1 } } # said otherwise\n  for: 1min\n  on: { device: d, metric: m }\n  id: r\n  mode: live')[0]!
    expect([b.version, b.conditionVersion]).toEqual([a.version, a.conditionVersion])
  })

  it('change both with the condition, the first alone with text, priority and actions', () => {
    const base = one('when: { above: 1 }')
    for (const members of ['when: { above: 2 }', 'when: { above: 1 }, for: 1s', 'when: { above: 1 }, clearFor: 1s', 'when: { above: 1 }, stale: 1s', 'when: { above: 1 }, unit: Cel', 'when: { above: 1 }, key: rule']) {
      const changed = one(members)
      expect([members, changed.version === base.version, changed.conditionVersion === base.conditionVersion]).toEqual([members, false, false])
    }
    for (const members of ['message: x', 'priority: low', 'latch: true', 'ack: auto', 'mode: shadow', 'then: [{ notify: nurse-call }]']) {
      const changed = one(`when: { above: 1 }, ${members}`)
      expect([members, changed.version === base.version, changed.conditionVersion === base.conditionVersion]).toEqual([members, false, true])
    }
  })
})

describe('levels of a rule', () => {
  it('are taken exactly when they rise and leave room between', () => {
    const limit = fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined })
    fc.assert(
      fc.property(fc.record({ lolo: limit, lo: limit, hi: limit, hihi: limit }), fc.integer({ min: 0, max: 4 }), (limits, hysteresis) => {
        const given = Object.entries(limits).filter(([, value]) => value !== undefined)
        const values = given.map(([, value]) => value!)
        const [low, high] = [limits.lo ?? limits.lolo, limits.hi ?? limits.hihi]
        const right = values.length > 0 && values.every((value, i) => i === 0 || values[i - 1]! < value) && (low === undefined || high === undefined || hysteresis < high - low)
        const { rules } = readRules(JSON.stringify([{ id: 'r', on: { metric: 'm' }, when: { level: { ...Object.fromEntries(given), hysteresis } } }]), 'r', deps)
        expect(rules.length === 1).toBe(right)
      }),
    )
  })
})

describe('files of rules', () => {
  const load = (baseDir: string, ...patterns: string[]) => loadRules(patterns.map(files), { ...deps, baseDir, cwd: baseDir })

  it('are found by path and glob, each read once, in the order of paths', async () => {
    const base = directory({ 'rules/b.yaml': rule('b'), 'rules/a.yaml': rule('a'), 'rules/deep/c.yml': rule('c'), 'rules/notes.txt': 'no rules', 'd.yaml': rule('d') })
    const loaded = await load(base, 'rules/*.yaml', 'rules/**/*.{yaml,yml}', './d.yaml', join(base, 'd.yaml'))
    expect(loaded.problems).toEqual([])
    expect(loaded.rules.map(({ id, source }) => [id, source.file])).toEqual([['d', 'd.yaml'], ['a', 'rules/a.yaml'], ['b', 'rules/b.yaml'], ['c', 'rules/deep/c.yml']])
  })

  it('are not the configuration itself, which a glob beside it finds too', async () => {
    const base = directory({ 'limen.yaml': 'rules: ["*.yaml"]\n', 'a.yaml': rule('a') })
    expect(await load(base, '*.yaml', '**/*.yaml')).toMatchObject({ rules: [{ id: 'a' }], problems: [], files: [join(base, 'a.yaml')] })
  })

  it('are files: of a device or a pipe nothing is read', async () => {
    expect((await load(tempDir(), '/dev/null')).problems.map(({ message }) => message)).toEqual(['/dev/null is no file, but a device or a pipe'])
  })

  it('may be none where the directory is there: one may come', async () => {
    const base = directory({ 'rules/notes.txt': '' })
    expect(await load(base, 'rules/*.yaml')).toMatchObject({ rules: [], problems: [], directories: [join(base, 'rules')] })
  })

  it('may be links, as Kubernetes mounts them', async () => {
    const base = directory({ 'rules/..data/real.yaml': rule('linked') })
    symlinkSync(join('..data', 'real.yaml'), join(base, 'rules', 'a.yaml'))
    expect((await load(base, 'rules/*.yaml')).rules.map(({ id }) => id)).toEqual(['linked'])
  })

  it('hold a list, a list under rules, or one rule, in one document or several', async () => {
    const base = directory({ 'a.yaml': `rules:\n  - ${rule('a')}---\n- ${rule('b')}---\n${rule('c')}---\n# nothing\n` })
    expect((await load(base, 'a.yaml')).rules.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  })

  it('name both places where an id is given twice', async () => {
    const base = directory({ 'rules/a.yaml': `- ${rule('x')}`, 'rules/b.yaml': `- ${rule('y')}- ${rule('x')}` })
    expect((await load(base, 'rules/*.yaml')).problems.map(formatProblem)).toEqual(['rules/b.yaml:2:9 rules[1].id: the id "x" is taken by the rule at rules/a.yaml:1; give one of them another id'])
  })

  it('are all read when one is broken, and every error told', async () => {
    const base = directory({ 'rules/a.yaml': 'a: [', 'rules/b.yaml': `- ${rule('b')}`, 'rules/c.yaml': '- { id: c }' })
    const { rules, problems } = await load(base, 'rules/*.yaml', 'missing.yaml', 'rules')
    expect(rules.map(({ id }) => id)).toEqual(['b'])
    expect(problems.map(({ file, message }) => [file, message])).toEqual([
      ['limen.yaml', 'there is no file missing.yaml'],
      ['limen.yaml', 'rules is a directory'],
      ['rules/a.yaml', expect.any(String)],
      ['rules/c.yaml', '"on" is missing'],
      ['rules/c.yaml', '"when" is missing'],
    ])
  })

  it('change the fingerprint when they change', async () => {
    const base = directory({ 'rules/a.yaml': `- ${rule('a')}` })
    const before = (await load(base, 'rules/*.yaml')).fingerprint
    expect((await load(base, 'rules/*.yaml')).fingerprint).toBe(before)
    writeFileSync(join(base, 'rules', 'a.yaml'), `- ${rule('a', 20)}`)
    expect((await load(base, 'rules/*.yaml')).fingerprint).not.toBe(before)
  })

  it('give the same read in a thread of their own, errors too', async () => {
    const base = directory({ 'rules/a.yaml': `- ${rule('a')}- { id: label, on: { metric: m, label: { __proto__: x } }, when: { below: 1 }, then: [{ notify: nurse-call }] }`, 'rules/b.yaml': '- { id: b }' })
    const sources = [files('rules/*.yaml')]
    const order = { sources, baseDir: base, cwd: base, targets: deps.targets }
    const apart = await loadRulesApart(order, { inlineBytes: 0 })
    expect(apart).toEqual(await loadRules(sources, { ...deps, baseDir: base, cwd: base }))
    expect([apart.rules.length, apart.problems.length]).toEqual([2, 2])
    expect(await loadRulesApart(order)).toEqual(apart)
  })
})
