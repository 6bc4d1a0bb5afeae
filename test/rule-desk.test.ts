import { describe, expect, it } from 'vitest'
import type { EditOutcome } from '../gateway/kernel/rule-desk.ts'
import { createFakeClock } from './support/fake-clock.ts'
import { createMemoryStore } from './support/memory-store.ts'
import { createRuleScene, filesOf } from './support/rule-scene.ts'

const rule = (limit: number, message = `above ${limit}`): string => `id: warm\non: { metric: t }\nwhen: { above: ${limit} }\nmessage: ${message}\n`
const fileRule = (limit: number): string => `- ${rule(limit).trimEnd().replaceAll('\n', '\n  ')}\n`

async function scene(yaml = '[]') {
  const clock = createFakeClock()
  const store = createMemoryStore({ auto: true, clock })
  const made = createRuleScene({ store, clock })
  await made.begin(yaml)
  return { ...made, store, clock, put: (text: string, by = 'ada', ifRevision?: number) => made.desk.put('warm', { yaml: text }, { by, ifRevision }) }
}

/** Everything that was ever said, oldest first, in short. */
async function history(desk: Awaited<ReturnType<typeof scene>>['desk'], id = 'warm'): Promise<string[]> {
  return (await desk.versions(id, { before: Infinity, limit: 100 })).map(({ revision, action, origin, by, text }) => `${revision} ${action} ${origin} ${by} ${/message: ([\w ]*\w)/.exec(text ?? '')?.[1] ?? '-'}`).toReversed()
}

const reasonOf = (outcome: EditOutcome | { ok: true } | { ok: false; reason: string }): string => ('reason' in outcome ? outcome.reason : 'ok')

describe('a rule that is put', () => {
  it('runs, is told of with its writer, and says how it came about', async () => {
    const { put, running, told, replaced, desk, clock } = await scene()
    expect(await put(rule(20))).toMatchObject({ ok: true, created: true })
    expect(running()).toEqual(['warm: above 20'])
    expect(replaced.at(-1)!.map(({ id }) => id)).toEqual(['warm'])
    await clock.advance(1_000)
    expect(await put(rule(30), 'bob')).toMatchObject({ ok: true, created: false, rule: { message: 'above 30', revision: 2 } })
    expect(told).toEqual([
      { type: 'limen.gateway.rules-changed', data: { rules: 1, added: ['warm'], changed: [], removed: [], by: 'ada', origin: 'http' } },
      { type: 'limen.gateway.rules-changed', data: { rules: 1, added: [], changed: ['warm'], removed: [], by: 'bob', origin: 'http' } },
    ])
    expect(desk.get('warm')).toMatchObject({ id: 'warm', text: rule(30), state: 'live', fault: null, origin: 'http', revision: 2, changedBy: 'bob', changedAt: '2026-01-01T00:00:01.000Z', source: { file: 'http' } })
    expect(await history(desk)).toEqual(['1 put http ada above 20', '2 put http bob above 30'])
  })

  it('is one of a set that is in the order of ids, by code units, whoever wrote which', async () => {
    const { desk, replaced } = await scene('- { id: b, on: { metric: t }, when: { above: 1 } }\n- { id: Z, on: { metric: t }, when: { above: 1 } }')
    for (const id of ['é', 'a', 'ab', '\u{1F321}', '\uFF5E']) await desk.put(id, { json: { on: { metric: 't' }, when: { above: 1 } } }, { by: 'ada' })
    const order = ['Z', 'a', 'ab', 'b', 'é', '\u{1F321}', '\uFF5E']
    expect(replaced.at(-1)!.map(({ id }) => id)).toEqual(order)
    expect(desk.list({ limit: 100 }).map(({ id }) => id)).toEqual(order)
    // In pages, also behind one that is gone.
    const page = (after: string, limit: number) => desk.list({ after, limit }).map(({ id }) => id)
    expect([page('', 2), page('a', 2), page('aa', 2), page('\uFF5E', 2)]).toEqual([['Z', 'a'], ['ab', 'b'], ['ab', 'b'], []])
    await desk.remove('a', { by: 'ada' })
    expect(page('a', 1)).toEqual(['ab'])
  })

  it('changes nothing where it is wrong', async () => {
    const { put, desk, told, replaced } = await scene(fileRule(10))
    const [toldBefore, replacedBefore] = [told.length, replaced.length]
    const outcome = await put('on: { metric: t }\nwhen: { abvoe: 1 }\nthen: [{ notify: nobody }]\n')
    expect(outcome).toMatchObject({ ok: false, code: 'BAD_INPUT', checked: { problems: [{ line: 2, path: 'when.abvoe' }, { line: 3, path: 'then[0].notify' }] } })
    expect(desk.get('warm')).toMatchObject({ message: 'above 10', revision: 1, origin: 'file' })
    expect([told.length, replaced.length]).toEqual([toldBefore, replacedBefore])
    expect(await history(desk)).toEqual(['1 file file file:rules/a.yaml above 10'])
  })

  it('is no new revision where it says word for word what runs, and is one where only a comment is another', async () => {
    const { put, desk, told } = await scene()
    await put(rule(20))
    const { version } = desk.get('warm')!
    expect(await put(rule(20), 'bob')).toMatchObject({ ok: true, created: false, rule: { revision: 1, changedBy: 'ada' } })
    expect(await put(`# why\n${rule(20)}`, 'bob')).toMatchObject({ ok: true, rule: { revision: 2, changedBy: 'bob', version } })
    expect(told).toHaveLength(2)
  })

  it('is refused where another revision runs than the one that was looked at', async () => {
    const { put, desk } = await scene()
    expect(reasonOf(await put(rule(20), 'ada', 1))).toMatch(/^rule warm is not at revision 1: it does not run/)
    expect(await put(rule(20), 'ada', 0)).toMatchObject({ ok: true, created: true })
    expect(await put(rule(21), 'bob', 0)).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await put(rule(22), 'ada', 1)).toMatchObject({ ok: true, rule: { revision: 2 } })
    expect(reasonOf(await put(rule(23), 'bob', 1))).toBe('rule warm is not at revision 1: revision 2 of it runs, written by ada; look at it and decide again')
    expect(await desk.remove('warm', { by: 'bob', ifRevision: 1 })).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await desk.rollback('warm', 1, { by: 'bob', ifRevision: 1 })).toMatchObject({ ok: false, code: 'CONFLICT' })
    expect(await history(desk)).toHaveLength(2)
  })

  it('is one of many at once: one after the other, each with a revision of its own, and no more than can wait', async () => {
    const { put, desk, running, replaced } = await scene()
    const answers = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => put(rule(i + 1), `user ${i + 1}`)))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(32)
    expect(answers[32]).toMatchObject({ status: 'rejected', reason: { code: 'OVERLOADED' } })
    expect((await history(desk)).map((line) => line.split(' ')[0])).toEqual(Array.from({ length: 32 }, (_, i) => String(i + 1)))
    expect(running()).toEqual(['warm: above 32'])
    expect(replaced.slice(1).map(([only]) => only!.message)).toEqual(Array.from({ length: 32 }, (_, i) => `above ${i + 1}`))
    // Those who looked before they wrote: the first wins.
    const careful = await Promise.all([put(rule(50), 'ada', 32), put(rule(51), 'bob', 32)])
    expect(careful.map(({ ok }) => ok)).toEqual([true, false])
  })

  it('changes nothing where it cannot be stored, and can be sent again', async () => {
    const { put, store, running, replaced, desk, gate } = await scene(fileRule(10))
    store.failNextCommit(new Error('the disk is full'))
    await expect(put(rule(20))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    expect([running(), replaced.length, desk.get('warm')!.revision]).toEqual([['warm: above 10'], 1, 1])
    gate.lost()
    await expect(put(rule(20))).rejects.toMatchObject({ code: 'STORE_FAILED' })
    gate.opens()
    expect(await put(rule(20))).toMatchObject({ ok: true, rule: { revision: 2 } })
  })

  it('says that it is faulty, and why, until it is off', async () => {
    const { put, desk, faults } = await scene()
    await put(rule(20))
    faults.set('warm', 'boom')
    expect(desk.get('warm')).toMatchObject({ state: 'faulty', fault: 'boom' })
    expect(desk.list({ limit: 100 })).toMatchObject([{ state: 'faulty' }])
    await put(`${rule(20)}mode: off\n`)
    expect(desk.get('warm')).toMatchObject({ state: 'off', fault: null })
    await put(`${rule(20)}mode: shadow\n`)
    faults.clear()
    expect(desk.get('warm')).toMatchObject({ state: 'shadow' })
  })

  it('may be one of the gateway\'s own alarms', async () => {
    const { desk, replaced } = await scene()
    expect(await desk.put('technical.offline', { yaml: 'priority: high\nthen: [{ notify: nurse-call }]\n' }, { by: 'ada' })).toMatchObject({ ok: true, rule: { class: 'technical', text: 'id: technical.offline\npriority: high\nthen: [{ notify: nurse-call }]\n' } })
    expect(replaced.at(-1)).toMatchObject([{ id: 'technical.offline', priority: 'high' }])
    expect(await desk.put('technical.nothing', { yaml: 'priority: high\n' }, { by: 'ada' })).toMatchObject({ ok: false, code: 'BAD_INPUT' })
  })
})

describe('a rule that is removed', () => {
  it('does not run any more, keeps its versions, and can be written again', async () => {
    const { put, desk, running, told } = await scene()
    await put(rule(20))
    expect(await desk.remove('warm', { by: 'bob' })).toEqual({ ok: true })
    expect([running(), desk.get('warm'), desk.list({ limit: 100 })]).toEqual([[], undefined, []])
    expect(told.at(-1)).toMatchObject({ data: { rules: 0, removed: ['warm'], by: 'bob', origin: 'http' } })
    expect(await desk.remove('warm', { by: 'bob' })).toMatchObject({ ok: false, code: 'NOT_FOUND' })
    expect(await desk.remove('other', { by: 'bob' })).toMatchObject({ ok: false, code: 'NOT_FOUND' })
    expect(await put(rule(30), 'ada', 0)).toMatchObject({ ok: true, created: true, rule: { revision: 3 } })
    expect(await history(desk)).toEqual(['1 put http ada above 20', '2 delete http bob -', '3 put http ada above 30'])
  })
})

describe('going back', () => {
  it('to a revision is a new one that says the same, after a removal, too', async () => {
    const { put, desk, running } = await scene()
    await put(rule(20))
    await put(rule(30))
    expect(await desk.rollback('warm', 1, { by: 'bob' })).toMatchObject({ ok: true, created: false, rule: { message: 'above 20', revision: 3, changedBy: 'bob' } })
    expect(await desk.rollback('warm', 3, { by: 'eve' })).toMatchObject({ ok: true, rule: { revision: 3, changedBy: 'bob' } })
    await desk.remove('warm', { by: 'bob' })
    expect(await desk.rollback('warm', 2, { by: 'bob' })).toMatchObject({ ok: true, created: true, rule: { revision: 5 } })
    expect(running()).toEqual(['warm: above 30'])
    expect(await history(desk)).toEqual(['1 put http ada above 20', '2 put http ada above 30', '3 rollback http bob above 20', '4 delete http bob -', '5 rollback http bob above 30'])
    expect(reasonOf(await desk.rollback('warm', 4, { by: 'bob' }))).toBe('revision 4 of rule warm is its removal; DELETE removes it')
    expect(reasonOf(await desk.rollback('warm', 9, { by: 'bob' }))).toBe('rule warm has no revision 9; the newest is 5')
    expect(reasonOf(await desk.rollback('none', 1, { by: 'bob' }))).toBe('there is no rule none, and never was')
  })

  it('shows what it would change: a diff of any two revisions', async () => {
    const { put, desk } = await scene()
    await put(rule(20))
    await put(rule(30))
    expect(await desk.diff('warm', {})).toEqual({
      from: 1, to: 2,
      diff: '--- warm revision 1\t2026-01-01T00:00:00.000Z ada\n+++ warm revision 2\t2026-01-01T00:00:00.000Z ada\n@@ -1,4 +1,4 @@\n id: warm\n on: { metric: t }\n-when: { above: 20 }\n-message: above 20\n+when: { above: 30 }\n+message: above 30\n',
    })
    expect((await desk.diff('warm', { from: 2, to: 1 }))!.diff).toContain('-message: above 30\n+when: { above: 20 }\n+message: above 20\n')
    expect((await desk.diff('warm', { from: 0, to: 1 }))!.diff).toContain('@@ -0,0 +1,4 @@\n+id: warm\n')
    expect((await desk.diff('warm', { from: 1, to: 1 }))!.diff).toBe('')
    expect(await desk.diff('warm', { from: 1, to: 3 })).toBeUndefined()
    expect(await desk.diff('none', {})).toBeUndefined()
  })

  it('shows texts that have nothing in common as replaced, in no time', async () => {
    const { desk } = await scene()
    const long = (word: string): string => `${rule(20)}${Array.from({ length: 6_000 }, (_, i) => `# ${word}${i}\n`).join('')}`
    for (const word of ['a', 'b']) await desk.put('warm', { yaml: long(word) }, { by: 'ada' })
    const { diff } = (await desk.diff('warm', {}))!
    expect(diff.split('\n').slice(2, 5)).toEqual(['@@ -1,6004 +1,6004 @@', '-id: warm', '-on: { metric: t }'])
  })

  it('finds what an alarm was raised by: the revision of its version that was there then', async () => {
    const { put, desk, clock } = await scene()
    for (let limit = 1; limit <= 120; limit++) {
      await put(rule(limit))
      await clock.advance(1_000)
    }
    const { version } = (await desk.versions('warm', { before: 4, limit: 1 }))[0]!
    await put(`# again\n${rule(3)}`)
    expect(await desk.ofVersion('warm', version!)).toMatchObject({ revision: 121 })
    expect(await desk.ofVersion('warm', version!, '2026-01-01T00:01:00.000Z')).toMatchObject({ revision: 3, text: rule(3) })
    // Earlier than the earliest there is: the clock was set back meanwhile.
    expect(await desk.ofVersion('warm', version!, '2025-01-01T00:00:00.000Z')).toMatchObject({ revision: 121 })
    expect(await desk.ofVersion('warm', 'none')).toBeUndefined()
    expect(await desk.ofVersion('none', version!)).toBeUndefined()
  })

  it('lists many versions page by page', async () => {
    const { put, desk } = await scene()
    for (let limit = 1; limit <= 25; limit++) await put(rule(limit))
    const first = await desk.versions('warm', { before: Infinity, limit: 10 })
    expect(first.map(({ revision }) => revision)).toEqual([25, 24, 23, 22, 21, 20, 19, 18, 17, 16])
    expect((await desk.versions('warm', { before: 4, limit: 10 })).map(({ revision }) => revision)).toEqual([3, 2, 1])
    expect(await desk.versions('warm', { before: 1, limit: 10 })).toEqual([])
    // Of an id that begins like this one there is nothing among them.
    await desk.put('warmer', { yaml: 'on: { metric: t }\nwhen: { above: 1 }\n' }, { by: 'ada' })
    expect(await desk.versions('warm', { before: 0, limit: 10 })).toEqual([])
    expect(await desk.versions('war', { before: Infinity, limit: 10 })).toEqual([])
  })
})

describe('files beside edits over HTTP', () => {
  it('win when they are written last, and are left alone when they are not', async () => {
    const { put, follow, desk, running, told, replaced } = await scene(fileRule(10))
    await put(rule(20))
    // Another rule of the file changes; this one's text is as it was.
    await follow(`${fileRule(10)}- { id: other, on: { metric: t }, when: { above: 1 }, message: other }\n`)
    expect(running()).toEqual(['other: other', 'warm: above 20'])
    const before = replaced.length
    await follow(`# moved\n- { id: other, on: { metric: t }, when: { above: 1 }, message: other }\n${fileRule(10)}`)
    expect(replaced.length).toBe(before)
    await follow(`${fileRule(11)}- { id: other, on: { metric: t }, when: { above: 1 }, message: other }\n`)
    expect(running()).toEqual(['other: other', 'warm: above 11'])
    expect(told.at(-1)).toMatchObject({ data: { added: [], changed: ['warm'], removed: [], by: 'file:rules/a.yaml', origin: 'file' } })
    expect(await history(desk)).toEqual(['1 file file file:rules/a.yaml above 10', '2 put http ada above 20', '3 file file file:rules/a.yaml above 11'])
    // A comment in the rule is a word of its writer.
    await put(rule(20))
    await follow(fileRule(11).replace('\n', ' # mine\n'))
    expect(desk.get('warm')).toMatchObject({ message: 'above 11', revision: 5, origin: 'file' })
  })

  it('do not bring back what was removed over HTTP until they say something else', async () => {
    const { desk, follow, running } = await scene(fileRule(10))
    await desk.remove('warm', { by: 'ada' })
    await follow(`${fileRule(10)}\n`)
    expect(running()).toEqual([])
    await follow(fileRule(12))
    expect(running()).toEqual(['warm: above 12'])
  })

  it('that are gone take with them what they wrote, not what was written over HTTP', async () => {
    const { desk, put, follow, running, told } = await scene(`${fileRule(10)}- { id: other, on: { metric: t }, when: { above: 1 }, message: other }\n`)
    await put(rule(20))
    await follow('[]')
    expect(running()).toEqual(['warm: above 20'])
    expect(told.at(-1)).toMatchObject({ data: { removed: ['other'], by: 'file:rules/a.yaml', origin: 'file' } })
    expect(await history(desk, 'other')).toEqual(['1 file file file:rules/a.yaml other', '2 delete file file:rules/a.yaml -'])
    // Back again, it is written anew.
    await follow(fileRule(10))
    expect(running()).toEqual(['warm: above 10'])
  })

  it('that cannot be stored are tried again, whatever they say by then; until then all is as it was', async () => {
    const { follow, store, running, gate, clock, desk, book } = await scene(fileRule(10))
    store.failNextCommit(new Error('the disk is full'))
    await follow(fileRule(11))
    expect([running(), desk.get('warm')]).toMatchObject([['warm: above 10'], { message: 'above 10', revision: 1 }])
    gate.lost()
    const following = follow(fileRule(12))
    await clock.advance(5_000)
    expect((await book.read())!.get('warm')).toMatchObject({ revision: 1 })
    gate.opens()
    await following
    await clock.advance(0)
    expect((await book.read())!.get('warm')).toMatchObject({ revision: 2, by: 'file:rules/a.yaml' })
    expect([running(), desk.get('warm')]).toMatchObject([['warm: above 12'], { message: 'above 12', revision: 2 }])
  })

  it('run from the start on where they cannot be stored, and are stored when they can', async () => {
    const clock = createFakeClock()
    const store = createMemoryStore({ auto: true, clock })
    const { set, replaced, book, told, desk } = createRuleScene({ store, clock })
    store.failNextCommit(new Error('the disk is full'))
    await set.begin({ stored: undefined, changes: [], files: filesOf(fileRule(10)) })
    expect(replaced.at(-1)!.map(({ message }) => message)).toEqual(['above 10'])
    expect([await book.read(), desk.list({ limit: 100 })]).toEqual([undefined, []])
    // An edit of what the books say would end what runs beside them.
    await expect(desk.put('own', { json: { on: { metric: 't' }, when: { above: 1 } } }, { by: 'ada' })).rejects.toMatchObject({ code: 'STORE_FAILED' })
    await clock.advance(5_000)
    expect((await book.read())!.get('warm')).toMatchObject({ revision: 1 })
    expect(desk.list({ limit: 100 })).toMatchObject([{ revision: 1 }])
    expect(told).toEqual([])
    expect(await desk.put('own', { json: { on: { metric: 't' }, when: { above: 1 } } }, { by: 'ada' })).toMatchObject({ ok: true })
  })
})
