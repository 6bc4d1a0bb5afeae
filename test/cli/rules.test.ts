import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rulesCommand } from '../../gateway/cli/rules.ts'
import { runCommandLine } from '../../gateway/cli/run.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { tempDir } from '../support/temp-dir.ts'
import { controlToken, webScene } from '../support/web-scene.ts'

const hot = (limit: number): string => `id: hot # the oven\non: { metric: t }\nwhen: { above: ${limit} }\n`

/** A gateway's web room and rules, found by the control file of its data directory. */
async function scene() {
  const cwd = tempDir()
  mkdirSync(join(cwd, 'data'))
  const { web, rules } = webScene()
  await web.start()
  writeFileSync(join(cwd, 'data', 'control.json'), JSON.stringify({ http: `http://127.0.0.1:${web.address()!.port}`, token: controlToken, pid: process.pid }))
  const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text)
  async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const cli = createCapturedCli({ cwd, env: { USER: 'ann' } })
    const code = await runCommandLine(['rules', ...args], cli.deps)
    return { code, out: cli.out(), err: cli.err() }
  }
  return { cwd, rules, write, run }
}

describe('limen rules', () => {
  it.each([
    [[], 'needs to know what to do'], [['edit'], 'cannot "edit"'], [['__proto__'], 'cannot "__proto__"'], [['list', 'x'], 'does not take "x"'], [['show'], 'needs ID'], [['put'], 'needs FILE'], [['history'], 'needs ID'], [['delete', 'a', 'b'], 'does not take "b"'],
    [['rollback', 'a'], 'needs to know where to'], [['rollback', 'a', '--to', 'x'], '--to is not "x"'], [['rollback', 'a', '--to', '0'], '--to is not "0"'], [['diff', 'a', '--from', '-1'], '--from is not "-1"'], [['diff', 'a', '--for', '1'], 'unknown option --for'], [['put', 'x', '--if-revision', 'y'], '--if-revision is not "y"'],
    [['show', ''], '"" is the id of no rule'], [['delete', '..'], '".." is the id of no rule'],
  ])('says what to write instead of %j', async (args, message) => {
    await expect(rulesCommand(args, createCapturedCli({ cwd: tempDir() }).deps)).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(message) as string, remedy: expect.stringMatching(/./) as string })
  })

  it('says so when no gateway runs, or another one does than the control file says', async () => {
    const cwd = tempDir()
    const { deps } = createCapturedCli({ cwd })
    await expect(rulesCommand(['list'], deps)).rejects.toMatchObject({ code: 'NOT_FOUND', message: `no gateway runs on ${join(cwd, 'data')}` })
  })

  it('lists, shows, and tells the history and what changed', async () => {
    const { run, write } = await scene()
    expect(await run('list')).toMatchObject({ code: 0, out: expect.stringMatching(/^id {2}state {2}revision {2}written +by\na {3}live {3}1 {9}2026-01-01T00:00:00\.000Z {2}file:rules\/a\.yaml\nb .*\n$/) })
    expect(await run('show', 'a')).toEqual({ code: 0, out: '{ id: a, on: { metric: t }, when: { above: 20 } } # the usual\n', err: 'revision 1, live, written 2026-01-01T00:00:00.000Z by file:rules/a.yaml\n' })
    write('hot.yaml', hot(50))
    expect(await run('put', 'hot.yaml')).toEqual({ code: 0, out: '', err: 'hot is new; revision 1, live\n' })
    write('hot.yaml', `${hot(60)}mode: shadow\n`)
    expect(await run('put', 'hot.yaml')).toEqual({ code: 0, out: '', err: 'hot is written; revision 2, shadow\n' })
    expect((await run('show', 'hot')).out).toBe(`${hot(60)}mode: shadow\n`)
    expect((await run('diff', 'hot')).out).toMatch(/^--- hot revision 1\t\S+ ann on the command line\n\+\+\+ hot revision 2\t[^]*-when: \{ above: 50 \}\n\+when: \{ above: 60 \}\n\+mode: shadow\n$/)
    expect((await run('diff', 'hot', '--from', '2', '--to', '1')).out).toContain('-mode: shadow\n')
    expect(await run('diff', 'hot', '--from', '2')).toEqual({ code: 0, out: '', err: 'revisions 2 and 2 say the same\n' })
    expect(await run('rollback', 'hot', '--to', '1')).toEqual({ code: 0, out: '', err: 'hot says again what it said in revision 1; that is revision 3, live\n' })
    expect(await run('delete', 'hot')).toMatchObject({ code: 0, err: 'hot is removed; limen rules history hot shows what it said\n' })
    expect((await run('history', 'hot')).out).toMatch(/^revision {2}action +written +by +version\n4 +delete +\S+ +ann on the command line\n3 +rollback [^]*\n1 +put .* [0-9a-f]{16}\n$/)
    for (const args of [['show', 'hot'], ['delete', 'hot'], ['history', 'none'], ['diff', 'none'], ['rollback', 'none', '--to', '1']]) expect(await run(...args)).toMatchObject({ code: 1, out: '', err: expect.stringContaining('404') })
  })

  it('puts every rule of a file, in whatever form, and one that is refused is told with its place in the file', async () => {
    const { run, write, rules } = await scene()
    write('rules.yaml', '# ours\nrules:\n  - id: one\n    on: { metric: t }\n    when: { above: 1 }\n  - { id: two/2, on: { metric: t }, when: { above: 2 } }\n---\nid: three\non: { metric: t }\nwhen: { above: 3 }\n')
    expect(await run('put', 'rules.yaml')).toMatchObject({ code: 0, err: 'one is new; revision 1, live\ntwo/2 is new; revision 1, live\nthree is new; revision 1, live\n' })
    expect(rules.desk.get('one')!.text).toBe('id: one\non: { metric: t }\nwhen: { above: 1 }\n')
    write('wrong.yaml', 'rules:\n  - id: one\n    on: { metric: t }\n    when: { above: 5 }\n  - id: two\n    on: { metric: t }\n    when: { abvoe: 2 }\n    then: [{ notify: nobody }]\n')
    const refused = await run('put', 'wrong.yaml')
    expect(refused.code).toBe(1)
    expect(refused.err).toBe('limen: wrong.yaml has errors; nothing of it is written\n  wrong.yaml:7:13 when.abvoe: unknown kind "abvoe"; did you mean "above"?\n  wrong.yaml:8:22 then[0].notify: there is no target "nobody"; known here: nurse-call; or write it under targets in limen.yaml\n')
    expect([rules.desk.get('one')!.revision, rules.desk.get('two')]).toEqual([1, undefined])
    write('wrong.yaml', 'id: two\non: { metric: t }\nwhen: { abvoe: 2 }\n')
    expect(await run('put', 'wrong.yaml')).toMatchObject({ code: 1, err: 'limen: rule two has errors; it stays as it was\n  wrong.yaml:3:9 when.abvoe: unknown kind "abvoe"; did you mean "above"?\n' })
    for (const [text, words] of [['', 'holds no rule'], ['- on: { metric: t }', 'a rule without an id'], ['a: [', 'has errors'], ['- { id: x, on: &o { metric: t } }\n- { id: y, on: *o }', 'leans on another part'], ['text', 'a rule without an id'], ['- { id: x, on: { metric: t }, when: { above: 1 } }\n- { id: x, on: { metric: t }, when: { above: 2 } }', 'odd.yaml:2:3: the id "x" is taken by the rule in line 1']] as const) {
      write('odd.yaml', text)
      expect(await run('put', 'odd.yaml')).toMatchObject({ code: 1, err: expect.stringContaining(words) })
    }
    expect(await run('put', 'none.yaml')).toMatchObject({ code: 1, err: expect.stringContaining('none.yaml cannot be read (ENOENT)') })
  })

  it('writes only on the revision that was looked at', async () => {
    const { run, write } = await scene()
    write('a.yaml', 'id: a\non: { metric: t }\nwhen: { above: 1 }\n')
    expect(await run('put', 'a.yaml', '--if-revision', '2')).toMatchObject({ code: 1, err: expect.stringContaining('409: rule a is not at revision 2') })
    expect(await run('put', 'a.yaml', '--if-revision', '1')).toMatchObject({ code: 0 })
    for (const args of [['delete', 'a'], ['rollback', 'a', '--to', '1']]) expect(await run(...args, '--if-revision', '1')).toMatchObject({ code: 1, err: expect.stringContaining('409') })
    write('two.yaml', '- { id: a, on: { metric: t }, when: { above: 1 } }\n- { id: b, on: { metric: t }, when: { above: 1 } }\n')
    expect(await run('put', 'two.yaml', '--if-revision', '1')).toMatchObject({ code: 1, err: expect.stringContaining('two.yaml holds 2 rules') })
  })
})
