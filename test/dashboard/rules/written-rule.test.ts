import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Form } from '../../../dashboard/src/rules/written-rule.ts'
import { readForm, writeField, writeKind, writePriority } from '../../../dashboard/src/rules/written-rule.ts'

const spo2 = `# agreed with the ward on 3 May
id: spo2-low
on: { metric: spo2, device: "bed-*" }   # all beds
when: { level: { lolo: 85, lo: 90, hysteresis: 2 } }
for: 10s # not at once
priority: { lolo: high, lo: medium }
then:
- notify: nurse-call
- command: { device: "{device}", actuator: lamp, value: on, ttl: 1min }

# whom to ask: anna
message: "SpO₂ {value}{unit} on {device}"
`

function form(text: string): Form {
  const read = readForm(text)
  if ('why' in read) throw new Error(read.why)
  return read
}

function why(text: string): string {
  const read = readForm(text)
  return 'why' in read ? read.why : `can be shown: ${JSON.stringify(read)}`
}

describe('a rule as the form has it', () => {
  it('is read from maps on one line', () => {
    expect(form(spo2)).toEqual({
      kind: 'level',
      others: ['then'],
      fields: {
        id: 'spo2-low', 'on.metric': 'spo2', 'on.device': 'bed-*', 'when.level.lolo': '85', 'when.level.lo': '90', 'when.level.hysteresis': '2',
        for: '10s', 'priority.lolo': 'high', 'priority.lo': 'medium', message: 'SpO₂ {value}{unit} on {device}',
      },
    })
  })

  it('is read from maps over several lines', () => {
    expect(form('on:\n  metric: spo2\n  label:\n    ward: east\nwhen:\n  aggregate:\n    fn: p95\n    window:\n      sliding: 5min\n    gt: 250\n')).toEqual({
      kind: 'aggregate',
      others: ['on.label.ward'],
      fields: { 'on.metric': 'spo2', 'on.label.ward': 'east', 'when.aggregate.fn': 'p95', 'when.aggregate.window.sliding': '5min', 'when.aggregate.gt': '250' },
    })
    expect(form('on: {\n  metric: spo2,\n  device: bed-1\n  }\n').fields).toEqual({ 'on.metric': 'spo2', 'on.device': 'bed-1' })
  })

  it('has the short forms as limits', () => {
    expect(form('when: { above: 130, below: 40, hysteresis: 2 }')).toMatchObject({ kind: 'level', fields: { 'when.level.lo': '40', 'when.level.hi': '130', 'when.level.hysteresis': '2' } })
  })

  it('takes words as they are quoted', () => {
    expect(form(`id: 'it''s'\nmessage: plain {value}, with a comma: no\n`.replace(': no', ' yes')).fields).toEqual({ id: "it's", message: 'plain {value}, with a comma yes' })
    expect(form('message: "a \\"b\\" # c"  # d').fields).toEqual({ message: 'a "b" # c' })
    expect(form('on: { metric: a.b, device: http://x#y }').fields).toEqual({ 'on.metric': 'a.b', 'on.device': 'http://x#y' })
  })
})

describe('what the form cannot show', () => {
  it.each([
    ['when: { expression: "value > 3" }', '“expression”'],
    ['when: { equals: true }', '“equals”'],
    ['when: { level: { lo: 90, strange: 1 } }', '“when.level.strange”'],
    ['when: { rate: { between: [1, 2], per: 1min } }', '“[”'],
    ['when:\n  level:\n    lo: 90 # agreed\n', 'comments'],
    ['when:\n  # agreed\n  level: { lo: 90 }\n', 'comments'],
    ['message: >\n  two\n  lines\n', '“>”'],
    ['message: "two\n  lines"\n', '“"”'],
    ['message: two\n  lines\n', 'several lines'],
    ['on: &here { metric: spo2 }', '“&”'],
    ['on: *there', '“*”'],
    ['- id: a\n  on: { metric: b }', 'line 1'],
    ['{ "id": "a" }', 'line 1'],
    ['---\nid: a', 'line 1'],
    ['id: a\nid: b', '“id” stands twice'],
    ['on: { metric: a, metric: b }', '“metric” stands twice'],
    ['on: { metric: a', 'does not know'],
    ['for: { a: b }', '“for”'],
    ['\tid: a', 'line 1'],
    ['message: "\\x41"', 'does not know'],
  ])('is said in words: %j', (text, said) => {
    expect(why(text)).toContain(said)
  })
})

describe('a field that is changed', () => {
  it('changes the line it stands on, and keeps the comment there', () => {
    expect(writeField(spo2, 'for', '20s')).toBe(spo2.replace('for: 10s #', 'for: 20s #'))
    expect(writeField(spo2, 'when.level.lo', '92')).toBe(spo2.replace('lo: 90', 'lo: 92'))
    expect(writeField(spo2, 'on.device', 'bed-1')).toBe(spo2.replace('device: "bed-*" }   #', 'device: bed-1 } #'))
  })

  it('is taken out when it is empty, with the member that then says nothing', () => {
    expect(writeField(spo2, 'for', '')).toBe(spo2.replace('for: 10s # not at once\n', ''))
    expect(writeField('on: { metric: a }\nid: b', 'on.metric', '')).toBe('id: b')
    expect(writeField('when: { level: { hi: 3 } }', 'when.level.hi', '')).toBe('when: { level: {} }')
    expect(writeField('when: { aggregate: { fn: avg, window: { sliding: 5min } } }', 'when.aggregate.window.sliding', '')).toBe('when: { aggregate: { fn: avg } }')
  })

  it('comes in where rules have it', () => {
    expect(writeField(spo2, 'clearFor', '5s')).toBe(spo2.replace('for: 10s # not at once\n', 'for: 10s # not at once\nclearFor: 5s\n'))
    expect(writeField('', 'id', 'a')).toBe('id: a\n')
  })

  it('is quoted where bare it would be another thing', () => {
    for (const id of ['\u2028', 'a\u0085b', 'true', '12', 'on', '1e3', '*', 'a: b', '# x', ' a', '']) {
      const text = writeField('id: x', 'on.device', id)
      if (id !== '') expect(parse(text)).toEqual({ id: 'x', on: { device: id } })
    }
    expect(parse(writeField('id: x', 'when.level.hi', '-1.5'))).toEqual({ id: 'x', when: { level: { hi: -1.5 } } })
  })

  it('writes a short form out', () => {
    expect(writeField('when: { above: 130 } # c', 'when.level.hysteresis', '2')).toBe('when: { level: { hi: 130, hysteresis: 2 } } # c')
  })

  it('begins another condition with none of the limits of the one before', () => {
    expect(writeKind(spo2, 'rate')).toBe(spo2.replace(/when:.*/, 'when: { rate: {} }'))
    expect(form(writeKind(spo2, 'rate')).kind).toBe('rate')
    expect(writeKind('when: { above: 3 } # why', 'absent')).toBe('when: { absent: {} } # why')
  })

  it('makes one priority of several, and several of one', () => {
    expect(writePriority(spo2, 'high')).toBe(spo2.replace(/priority:.*/, 'priority: high'))
    expect(writePriority('priority: high', { lo: 'low', hi: 'high' })).toBe('priority: { lo: low, hi: high }')
    expect(writePriority('id: a\npriority: high', '')).toBe('id: a')
  })
})

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => !/[\uD800-\uDFFF]/.test(text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, '')))
const paths = fc.constantFrom('id', 'on.metric', 'on.device', 'on.deviceType', 'message')

describe('the text the form writes', () => {
  it('is what the gateway reads, whatever is typed', () => {
    fc.assert(fc.property(fc.array(fc.tuple(paths, word), { maxLength: 12 }), (edits) => {
      let text = spo2
      const expected = parse(spo2) as Record<string, unknown> & { on: Record<string, string> }
      for (const [path, value] of edits) {
        text = writeField(text, path, value)
        const [top = '', inner] = path.split('.')
        if (inner === undefined) expected[top] = value
        else expected.on[inner] = value
      }
      expect(parse(text)).toEqual(expected)
      expect(form(text).fields).toMatchObject(Object.fromEntries(edits))
    }))
  })

  it('keeps every line the form has nothing to do with', () => {
    const foreign = ['# agreed with the ward on 3 May', 'then:', '- notify: nurse-call', '# whom to ask: anna', '']
    fc.assert(fc.property(fc.array(fc.tuple(paths, fc.oneof(word, fc.constant(''))), { maxLength: 12 }), (edits) => {
      const lines = edits.reduce((text, [path, value]) => writeField(text, path, value), spo2).split('\n')
      for (const line of foreign) expect(lines).toContain(line)
    }))
  })

  it('never throws anything but words on a text it cannot show', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', 'on', ':', ' ', '\n', '  ', '{', '}', ',', '"', "'", '#', '-', '[', '&', '*', '|', 'when', 'level', '1'), maxLength: 40 }), (text) => {
      const read = readForm(text)
      expect('why' in read ? read.why : read.kind).toBeTypeOf('string')
    }), { numRuns: 500 })
  })

  it('says the same as the gateway reads, where the form can show it', () => {
    const parts = fc.constantFrom('a', 'b c', ':', ': ', ' ', '\n', '\n  ', '{ ', ' }', ', ', '"', "'", ' #', '#', '-', '1', 'id: ', 'on: ', '\non: ', '\nfor: ', 'metric: ')
    fc.assert(fc.property(fc.array(parts, { maxLength: 14 }), (all) => {
      const text = all.join('')
      const read = readForm(text)
      if ('why' in read || Object.keys(read.fields).length === 0) return
      let theirs: unknown
      try {
        theirs = parse(text, { schema: 'failsafe' })
      } catch {
        return // refused by the gateway in its own words
      }
      for (const [path, value] of Object.entries(read.fields)) expect(path.split('.').reduce<unknown>((tree, key) => (tree as Record<string, unknown> | null)?.[key], theirs) ?? '', JSON.stringify(text)).toBe(value)
    }), { numRuns: 3_000 })
  })
})
