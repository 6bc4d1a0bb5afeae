import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig } from '../../gateway/config/load.ts'
import { loadRules, readRules } from '../../gateway/rules/load.ts'
import { yamlOfValue } from '../../gateway/rules/rule-text.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { parseYaml } from '../../gateway/kernel/yaml.ts'
import { tempDir } from '../support/temp-dir.ts'

const deps = { kinds: kindSchemas, targets: new Set(['nurse-call']) }

function textsOf(yaml: string): Record<string, string> {
  const { texts, problems } = readRules(yaml, 'rules.yaml', deps)
  expect(problems).toEqual([])
  return Object.fromEntries(texts)
}

const file = `# Rules of the ward.
rules:
  # How low?
  - id: low # the first
    on: { metric: spo2 }
    # Agreed with the ward.
    when: { below: 90 } # percent
    # - notify: nurse-call
  # Silence.
  - id: long
    on:
      metric: spo2
    when:
      below: 85

    message: |
      Low:
        {value}

  - { id: flow, on: { metric: t },
      when: { above: 1 } } # in brackets
  - id: last
    on: { metric: t }
    when: { above: 2 }
    then:
      - notify: nurse-call # tell
  # nothing more
`

describe('the text of a rule', () => {
  it('is what stands in its file, comments included, moved to the left', () => {
    expect(textsOf(file)).toEqual({
      low: 'id: low # the first\non: { metric: spo2 }\n# Agreed with the ward.\nwhen: { below: 90 } # percent\n',
      long: 'id: long\non:\n  metric: spo2\nwhen:\n  below: 85\n\nmessage: |\n  Low:\n    {value}\n',
      flow: '{ id: flow, on: { metric: t },\n  when: { above: 1 } } # in brackets\n',
      last: 'id: last\non: { metric: t }\nwhen: { above: 2 }\nthen:\n  - notify: nurse-call # tell\n',
    })
  })

  it('is the same wherever the rule stands, and however lines end', () => {
    const moved = textsOf(file.replace('# Rules of the ward.\n', '').replaceAll('\n', '\r\n'))
    expect(moved).toEqual(textsOf(file))
    expect(textsOf(`id: a\non: { metric: t }\nwhen: { above: 1 }\n# end\n`)).toEqual(textsOf(`- id: a\n  on: { metric: t }\n  when: { above: 1 }\n`))
    expect(textsOf(`[{ id: a, on: { metric: t }, when: { above: 1 } }, # first\n { id: b, on: { metric: t }, when: { above: 1 } }]`)['a']).toBe('{ id: a, on: { metric: t }, when: { above: 1 } }\n')
  })

  it('is written anew where it leans on another part of the file, and says the same', () => {
    const yaml = `- &base\n  id: "007"\n  on: &on { metric: 1.50 }\n  when: { above: 1.0 }\n- id: b\n  on: *on\n  when: { above: 1.0 }\n  message: "a: #b {value}"\n  ack:\n`
    const texts = textsOf(yaml)
    expect(texts['007']).toBe('id: "007"\non: &on { metric: 1.50 }\nwhen: { above: 1.0 }\n')
    expect(texts['b']).toBe('id: "b"\non: { metric: 1.50 }\nwhen: { above: 1.0 }\nmessage: "a: #b {value}"\nack: null\n')
    const { rules } = readRules(yaml, 'r', deps)
    for (const rule of rules) expect(readRules(texts[rule.id]!, 'r', deps).rules[0]!.version).toBe(rule.version)
    expect(rules[1]!.on).toEqual({ metric: '1.50' })
  })

  it('is never cut by a line that looks like the end of a document', () => {
    const yaml = `- { id: a, on: { metric: t }, when: { above: 1 }, message: "x\n  --- y" }\n`
    const text = textsOf(yaml)['a']!
    expect(readRules(text, 'r', deps).rules[0]!.version).toBe(readRules(yaml, 'r', deps).rules[0]!.version)
  })

  it('is known of rules in limen.yaml, and of those that come from the environment', async () => {
    const base = tempDir()
    mkdirSync(join(base, 'rules'))
    writeFileSync(join(base, 'limen.yaml'), 'rules:\n  - id: inline # here\n    on: { metric: t }\n    when: { above: 1 }\n')
    const load = async (env: Record<string, string>) => Object.fromEntries((await loadRules((await loadConfig({ path: join(base, 'limen.yaml'), env, cwd: base })).rules, { ...deps, baseDir: base, cwd: base })).texts)
    expect(await load({})).toEqual({ inline: 'id: inline # here\non: { metric: t }\nwhen: { above: 1 }\n' })
    expect(await load({ LIMEN_RULES: '[{ id: env, on: { metric: t }, when: { above: 1 } }]' })).toEqual({ env: 'id: "env"\non: { metric: "t" }\nwhen: { above: 1 }\n' })
  })

  it('stands alone, whatever the rule holds and however the file is written', () => {
    const words = fc.oneof(fc.constantFrom('on', 'no', 'null', '1.0', '007', '0x1F', '#', '- a', 'a: b', '---', '...', '{{', "it's", '"', 'x\n--- y', '%a', '@', '&a', '*a', '!t', 'é', '\u2028', ' pad '), fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => !/[{}\p{Cs}]/u.test(text)))
    const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9.#:-]{1,8}$/), { minLength: 1, maxLength: 4 })
    const rule = fc.record({ above: fc.double({ noNaN: true, noDefaultInfinity: true }), message: fc.option(words, { nil: undefined }), label: words })
    const style = fc.record({ indent: fc.constantFrom(1, 2, 4), indentSeq: fc.boolean(), collectionStyle: fc.constantFrom('any' as const, 'flow' as const, 'block' as const), lineWidth: fc.constantFrom(0, 20, 80), blockQuote: fc.constantFrom(true, 'literal' as const, 'folded' as const, false) })
    fc.assert(fc.property(ids, fc.array(rule, { minLength: 4, maxLength: 4 }), style, fc.boolean(), (names, parts, options, wrapped) => {
      const list = names.map((id, index) => ({ id, on: { metric: 'm', label: { at: parts[index]!.label } }, when: { above: parts[index]!.above }, ...(parts[index]!.message === undefined ? {} : { message: parts[index]!.message }) }))
      const read = readRules(stringify(wrapped ? { rules: list } : list, options), 'r', deps)
      fc.pre(read.problems.length === 0)
      expect(read.rules).toHaveLength(names.length)
      for (const { id, version } of read.rules) {
        const again = readRules(read.texts.get(id)!, 'r', deps)
        expect(again.problems).toEqual([])
        expect(again.rules.map((one) => [one.id, one.version])).toEqual([[id, version]])
        // And of itself it says what it is.
        expect(again.texts.get(id)).toBe(read.texts.get(id))
      }
    }), { numRuns: 150 })
  })
})

describe('a rule that comes as JSON', () => {
  it('is written in the order of the documentation, what fits on a line on one', () => {
    expect(yamlOfValue({ message: 'SpO₂ {value}', mode: 'shadow', then: [{ notify: 'nurse-call' }, { command: { device: 'lamp-{device}', actuator: 'light', value: 'on', ttl: '30s', release: 'safe', safeValue: 'off' } }], odd: 1, when: { level: { lo: 90, hysteresis: 2 } }, id: 'spo2-low', on: { metric: 'spo2', device: 'bed-*' } })).toBe(
      `id: spo2-low
on: { metric: spo2, device: bed-* }
when: { level: { lo: 90, hysteresis: 2 } }
message: SpO₂ {value}
then:
  - { notify: nurse-call }
  - command:
      device: lamp-{device}
      actuator: light
      value: on
      ttl: 30s
      release: safe
      safeValue: off
mode: shadow
odd: 1
`)
  })

  it('says in YAML what it said in JSON, whatever that is', () => {
    const valueOf = (node: ReturnType<typeof parseYaml>['documents'][number]): unknown =>
      node.kind === 'scalar' ? node.value : node.kind === 'list' ? node.items.map(valueOf) : Object.fromEntries(node.entries.map(({ key, value }) => [key, valueOf(value)]))
    const json = fc.jsonValue({ maxDepth: 4 })
    fc.assert(fc.property(fc.dictionary(fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'), json), (value) => {
      const parsed = parseYaml(yamlOfValue(value), 'x')
      expect(parsed.problems).toEqual([])
      expect(JSON.parse(JSON.stringify(valueOf(parsed.documents[0]!)))).toEqual(JSON.parse(JSON.stringify(value)))
    }), { numRuns: 150 })
  })
})
