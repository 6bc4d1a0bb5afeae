import { describe, expect, it } from 'vitest'
import type { DocumentNode } from '../../gateway/kernel/document.ts'
import { parseYaml } from '../../gateway/kernel/yaml.ts'

function plain(node: DocumentNode): unknown {
  if (node.kind === 'scalar') return node.value
  return node.kind === 'list' ? node.items.map(plain) : node.entries.map(({ key, value }) => [key, plain(value)])
}

function read(text: string): DocumentNode {
  const { documents, problems } = parseYaml(text, 'f.yaml')
  expect(problems).toEqual([])
  return documents[0]!
}

const problemOf = (text: string | Uint8Array) => {
  const [problem] = parseYaml(text, 'f.yaml').problems
  return [problem?.line, problem?.column, problem?.message]
}

describe('a document', () => {
  it('knows where every key and value stands, also behind Windows line ends and a byte order mark', () => {
    const node = parseYaml(Buffer.from('\uFEFFa: 1\r\nb:\r\n  - x\r\n  - {y: "z"}\r\n'), 'f.yaml').documents[0]!
    if (node.kind !== 'map') throw new Error('no mapping')
    expect(node.entries.map(({ key, place, value }) => [key, place.line, place.column, value.place.line, value.place.column])).toEqual([['a', 1, 1, 1, 4], ['b', 2, 1, 3, 3]])
    const list = node.entries[1]!.value
    if (list.kind !== 'list' || list.items[1]?.kind !== 'map') throw new Error('no list')
    expect(list.items[1].entries[0]).toMatchObject({ key: 'y', place: { line: 4, column: 6 }, value: { value: 'z', quoted: true, place: { line: 4, column: 9 } } })
  })

  it('reads words as YAML 1.2 does, whatever version the file claims', () => {
    expect(plain(read('[on, off, yes, NO, true, null, ~, 0x10, 1_000, 12:30, 1e3, .5, 2024-01-01]'))).toEqual(['on', 'off', 'yes', 'NO', true, null, null, 16, '1_000', '12:30', 1000, 0.5, '2024-01-01'])
    expect(plain(read('%YAML 1.1\n---\n{on: yes}'))).toEqual([['on', 'yes']])
  })

  it('says what a key of thousands of characters is', () => {
    expect(problemOf(`"${'k'.repeat(2_000)}": 1`)).toEqual([1, 1, 'a key of more than 1024 characters'])
  })

  it('keeps a number as it was written beside what it means', () => {
    expect(read('1.50')).toMatchObject({ value: 1.5, text: '1.50', quoted: false })
    expect(read('"1.50"')).toMatchObject({ value: '1.50', text: '1.50', quoted: true })
  })

  it('takes keys as text: 1 and "1" are the same', () => {
    expect(plain(read('{1: a, true: b}'))).toEqual([['1', 'a'], ['true', 'b']])
    expect(problemOf('1: a\n"1": b')).toEqual([2, 1, 'the key "1" stands twice, first in line 1'])
  })

  it('follows aliases to the last anchor before them', () => {
    expect(plain(read('- &a 1\n- *a\n- &a 2\n- *a\n- &m {k: v}\n- *m'))).toEqual([1, 1, 2, 2, [['k', 'v']], [['k', 'v']]])
    expect(problemOf('a: *x\nx: &x 1')).toEqual([1, 4, 'an alias (*name) without its anchor (&name) above'])
  })

  it('refuses an alias inside of what it names', () => {
    for (const text of ['a: &x\n b: *x', 'a: &x {b: *x}', 'a: &x\n  - 1\n  - {c: [*x]}']) expect(problemOf(text)[2]).toBe('*x is a circle: it stands inside of what it names')
    expect(plain(read('a: &x\n b: &x 1\n c: *x'))).toEqual([['a', [['b', 1], ['c', 1]]]])
  })

  it('is one null where the text is empty', () => {
    for (const text of ['', '\n\n', '# only this', '---\n...']) expect(plain(read(text))).toBeNull()
  })

  it.each([
    ['a: "x\nb: 1', [1, 4, 'a quote that is opened here and never closed']],
    ["- 'it's'", [1, 7, expect.stringContaining('nexpected')]],
    ['a:\n\t- b', [2, 1, 'a tab is used as indentation']],
    ['a: b: c', [1, 4, 'a second "key:" on one line']],
    ['a: 1\nb', [2, 1, 'this line has no "key: value"']],
    ['a: !secret x', [1, 4, 'a tag (!name) that is not known here']],
    ['a: @x', [1, 4, 'a plain text cannot begin with this character']],
    ['{ [a]: 1 }', [1, 3, 'a key that is not a text']],
  ])('says where %j is wrong', (text, problem) => {
    expect(problemOf(text)).toEqual(problem)
  })

  it('finds the byte that is no UTF-8', () => {
    expect(problemOf(Buffer.from([0x61, 0x3a, 0x20, 0x31, 0x0a, 0x62, 0xff]))).toEqual([2, 2, 'this is not UTF-8'])
  })

  it('repeats nothing of the file in its messages: it may be a secret', () => {
    for (const text of ['token: "hunter2\\q"', 'token: hunter2: hunter2', 'token: !hunter2 x', 'a: *hunter2', '"hunter2', 'x: |hunter2\n a', 'a: [hunter2\nb: 1', 'a: b\n  hunter2: c\n d']) {
      const { problems } = parseYaml(text, 'f.yaml')
      expect([text, problems.length > 0, JSON.stringify(problems).includes('hunter2')]).toEqual([text, true, false])
    }
  })
})
