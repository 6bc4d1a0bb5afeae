import { describe, expect, it, onTestFinished } from 'vitest'
import type { Config } from '../gateway/config/config.ts'
import type { TechnicalCondition } from '../gateway/kernel/contracts.ts'
import type { NewEvent } from '../gateway/kernel/event.ts'
import { silentLogger } from '../gateway/kernel/log.ts'
import type { Rule } from '../gateway/kernel/rule.ts'
import { createRuleKeeper } from '../gateway/rule-keeper.ts'
import { readRules } from '../gateway/rules/load.ts'
import { kindSchemas } from '../gateway/rules/schemas.ts'
import { createFakeClock } from './support/fake-clock.ts'
import { createMemoryStore } from './support/memory-store.ts'
import { createHandGate } from './support/rule-scene.ts'

const rule = (id: string, limit: number) => `- { id: ${id}, on: { metric: t }, when: { above: ${limit} }, message: "${limit}" }`
const files = (...lines: readonly string[]): string => lines.join('\n')

/** One data directory over several runs of a gateway. */
function createPlace(targets: readonly string[] = ['nurse-call']) {
  const clock = createFakeClock()
  const store = createMemoryStore({ auto: true, clock })
  return {
    store,
    async start(yaml: string, known = targets) {
      const told: (NewEvent | undefined)[] = []
      const conditions: TechnicalCondition[] = []
      const sets: (readonly Rule[])[] = []
      const names = new Set(known)
      const keeper = createRuleKeeper({ rules: [], file: undefined, baseDir: '/nowhere', devices: new Map(), targets: new Map(known.map((name) => [name, {}])) } as unknown as Config, {
        clock, store,
        logger: silentLogger,
        gate: createHandGate(),
        load: async () => ({ ...readRules(yaml, 'rules/a.yaml', { kinds: kindSchemas, targets: names }), tables: { tables: [], ids: new Set() }, zones: new Map(), files: [], directories: [], fingerprint: '' }),
        rereadSources: async () => [],
        record: (event) => void told.push(event),
        replace: (rules) => void sets.push(rules),
        condition: (condition) => void conditions.push(condition),
        faulty: () => new Map(),
      })
      onTestFinished(() => keeper.stop())
      await keeper.start()
      expect(sets).toHaveLength(1)
      return { told, conditions, desk: keeper.desk, runs: () => sets.at(-1)!.map(({ id, message }) => `${id} ${message}`), stop: () => keeper.stop() }
    },
  }
}

describe('a start', () => {
  it('tells which rules came, went or changed while the gateway was down', async () => {
    const place = createPlace()
    expect((await place.start(files(rule('gone', 9), rule('same', 1), rule('edited', 2)))).told).toEqual([])
    const { told, runs } = await place.start(files(rule('same', 1), rule('edited', 3), rule('new', 4)))
    expect(told).toEqual([{ type: 'limen.gateway.rules-changed', data: { rules: 3, added: ['new'], changed: ['edited'], removed: ['gone'], by: 'file:rules/a.yaml', origin: 'file' } }])
    expect(runs()).toEqual(['edited 3', 'new 4', 'same 1'])
  })

  it('tells nothing where nothing changed, and nothing at the very first', async () => {
    const place = createPlace()
    expect((await place.start(rule('same', 1))).told).toEqual([])
    expect((await place.start(rule('same', 1))).told).toEqual([])
    expect((await createPlace().start('[]')).told).toEqual([])
  })

  it('keeps what was written over HTTP, and what was removed, until the file changes', async () => {
    const place = createPlace()
    const first = await place.start(files(rule('a', 1), rule('b', 2), rule('c', 3)))
    await first.desk.put('a', { json: { on: { metric: 't' }, when: { above: 10 }, message: '10' } }, { by: 'ada' })
    await first.desk.remove('b', { by: 'ada' })
    await first.desk.put('own', { yaml: 'on: { metric: t }\nwhen: { above: 5 }\nmessage: "5"\n' }, { by: 'ada' })
    const second = await place.start(files(rule('a', 1), rule('b', 2), rule('c', 3)))
    expect(second.runs()).toEqual(['a 10', 'c 3', 'own 5'])
    expect(second.told).toEqual([])
    expect(second.desk.get('a')).toMatchObject({ origin: 'http', revision: 2, changedBy: 'ada', source: { file: 'http' } })
    const third = await place.start(files(rule('a', 1), rule('b', 20), rule('c', 3), rule('own', 50)))
    expect(third.runs()).toEqual(['a 10', 'b 20', 'c 3', 'own 50'])
    expect(third.desk.get('own')).toMatchObject({ origin: 'file', revision: 2, source: { file: 'rules/a.yaml', line: 4 } })
  })

  it('on files that are wrong runs what ran last, whoever wrote it, with an alarm; of where nothing ever ran, refuses', async () => {
    const place = createPlace()
    const wrong = '- { id: a, on: { metric: t }, when: { abvoe: 1 } }'
    await expect(place.start(wrong)).rejects.toMatchObject({ code: 'RULES_INVALID', problems: [{ line: 1 }] })
    const first = await place.start(files(rule('a', 1), rule('b', 2)))
    await first.desk.put('b', { json: { on: { metric: 't' }, when: { above: 20 }, message: '20' } }, { by: 'ada' })
    const second = await place.start(wrong)
    expect(second.runs()).toEqual(['a 1', 'b 20'])
    expect(second.conditions).toEqual([{ rule: 'technical.rules', active: true, message: expect.stringMatching(/^Rule files are wrong, the set before runs on: rules\/a\.yaml:1:.*abvoe/) }])
    expect(second.desk.get('a')).toMatchObject({ origin: 'file', revision: 1, source: { file: 'rules/a.yaml' } })
    await second.desk.put('a', { json: { on: { metric: 't' }, when: { above: 7 }, message: '7' } }, { by: 'ada' })
    expect(second.conditions.at(-1)).toMatchObject({ active: true })
    const third = await place.start(files(rule('a', 1), rule('b', 2)))
    expect(third.runs()).toEqual(['a 7', 'b 20'])
    expect(third.conditions.at(-1)).toMatchObject({ rule: 'technical.rules', active: false })
  })

  it('with no rules at all is a set that ran, too', async () => {
    const place = createPlace()
    await place.start('[]')
    expect((await place.start('- nonsense')).runs()).toEqual([])
  })

  it('runs a stored rule whose target is gone as it was, with an alarm, until somebody writes it anew', async () => {
    const place = createPlace()
    const first = await place.start('[]')
    await first.desk.put('a', { yaml: 'on: { metric: t }\nwhen: { above: 1 }\nmessage: "1"\nthen: [{ notify: nurse-call }]\n' }, { by: 'ada' })
    const second = await place.start('[]', ['pager'])
    expect(second.runs()).toEqual(['a 1'])
    expect(second.conditions.at(-1)).toEqual({ rule: 'technical.rules', active: true, message: 'Rule a, as ada wrote it, is not right any more: a:5:18 then[0].notify: there is no target "nurse-call"; known here: pager; or write it under targets in limen.yaml' })
    expect(await second.desk.rollback('a', 1, { by: 'ada' })).toMatchObject({ ok: false, code: 'BAD_INPUT', reason: expect.stringMatching(/^revision 1 is not right any more: .*nurse-call/) })
    await second.desk.put('a', { yaml: 'on: { metric: t }\nwhen: { above: 1 }\nmessage: "1"\nthen: [{ notify: pager }]\n' }, { by: 'ada' })
    expect(second.conditions.at(-1)).toMatchObject({ active: false })
  })

  it('reads a rule that another version stored from its text, and notes where the same text says something else', async () => {
    const place = createPlace()
    const first = await place.start(rule('b', 2))
    await first.desk.put('a', { yaml: 'on: { metric: t }\nwhen: { above: 1 }\nmessage: "1"\n' }, { by: 'ada' })
    await first.desk.put('lost', { yaml: 'on: { metric: t }\nwhen: { above: 1 }\nthen: [{ notify: nurse-call }]\n' }, { by: 'ada' })
    for (const id of ['a', 'b', 'lost']) {
      const row = JSON.parse(String(await place.store.get('rule', id))) as object
      place.store.put('rule', id, JSON.stringify({ ...row, format: 1, version: 'other' }))
    }
    const second = await place.start(rule('b', 2), [])
    // What cannot be read any more, and was stored by another version, cannot run.
    expect(second.runs()).toEqual(['a 1', 'b 2'])
    expect(second.conditions.at(-1)).toMatchObject({ active: true, message: expect.stringMatching(/^Rule lost/) })
    expect(await second.desk.versions('a', { before: Infinity, limit: 9 })).toMatchObject([{ revision: 2, action: 'put', by: 'limen' }, { revision: 1, by: 'ada' }])
    expect(second.told).toMatchObject([{ data: { changed: ['a', 'b'], added: [], by: 'limen, file:rules/a.yaml' } }])
    expect(await second.desk.remove('lost', { by: 'ada' })).toEqual({ ok: true })
  })
})
