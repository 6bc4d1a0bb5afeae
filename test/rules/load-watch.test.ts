import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { silentLogger } from '../../gateway/kernel/log.ts'
import type { Problem } from '../../gateway/kernel/problem.ts'
import type { RuleSource } from '../../gateway/kernel/rule-source.ts'
import { loadRules } from '../../gateway/rules/load.ts'
import { watchRules } from '../../gateway/rules/load-watch.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const place = { file: 'limen.yaml', line: 1, column: 9 }
const files = (pattern: string): RuleSource => ({ kind: 'files', pattern, place, path: 'rules[0]' })
const rule = (id: string, above = 1): string => `- { id: ${id}, on: { metric: m }, when: { above: ${above} } }\n`

/** A running watch over rules/*.yaml of a fresh directory; `told` is what it said. */
async function scene(contents: Readonly<Record<string, string>>) {
  const base = tempDir()
  mkdirSync(join(base, 'rules'))
  const path = (name: string): string => join(base, 'rules', name)
  for (const [name, content] of Object.entries(contents)) writeFileSync(path(name), content)
  const told: string[] = []
  const clock = createFakeClock()
  let sources: readonly RuleSource[] = [files('rules/*.yaml')]
  let configProblems: readonly Problem[] | undefined
  const configFile = join(base, 'limen.yaml')
  writeFileSync(configFile, 'rules: [rules/*.yaml]\n')
  const bases = { baseDir: base, cwd: base }
  const load = (from: readonly RuleSource[]) => loadRules(from, { ...bases, kinds: kindSchemas, targets: new Set() })
  let loads = 0
  const options = { ...bases, loaded: await load(sources), sources, configFile }
  const watch = watchRules(options, {
    clock,
    logger: silentLogger,
    load: (from) => {
      loads++
      return load(from)
    },
    rereadSources: async () => (configProblems === undefined ? sources : { problems: configProblems }),
    onRules: ({ rules }) => void told.push(rules.map(({ id, when }) => `${id} ${JSON.stringify((when.spec as { limits: { hi: number } }).limits.hi)}`).join(', ')),
    onInvalid: (problems) => void told.push(`invalid: ${problems.map(({ message }) => message).join('; ')}`),
  })
  onTestFinished(() => watch.stop())
  /** Lets the clock run until something new was told, or for ten seconds of it. */
  const next = async (): Promise<string | undefined> => {
    const before = told.length
    for (let i = 0; i < 100 && told.length === before; i++) {
      await clock.advance(100)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    return told.length === before ? undefined : told.at(-1)
  }
  return { path, told, clock, watch, next, configFile, loads: () => loads, setSources: (to: readonly RuleSource[]) => void (sources = to), setConfigProblems: (to: readonly Problem[] | undefined) => void (configProblems = to) }
}

describe('rules that change while running', () => {
  it('takes up a changed file', async () => {
    const { path, watch, next, told } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    writeFileSync(path('a.yaml'), rule('a', 20))
    expect(await next()).toBe('a 20')
    expect(told).toHaveLength(1)
  })

  it('takes up a file that an editor wrote beside and renamed', async () => {
    const { path, watch, next } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    writeFileSync(path('.a.yaml.swp'), rule('a', 3))
    renameSync(path('.a.yaml.swp'), path('a.yaml'))
    expect(await next()).toBe('a 3')
    renameSync(path('a.yaml'), path('a.yaml~'))
    writeFileSync(path('a.yaml'), rule('a', 4))
    expect(await next()).toBe('a 4')
  })

  it('takes up new files of a glob, and lets go of deleted ones', async () => {
    const { path, watch, next } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    writeFileSync(path('b.yaml'), rule('b'))
    expect(await next()).toBe('a 1, b 1')
    rmSync(path('a.yaml'))
    expect(await next()).toBe('b 1')
  })

  it('keeps the running set when a file is wrong, says so once, and goes on when it is mended', async () => {
    const { path, watch, next, told } = await scene({ 'a.yaml': rule('a'), 'b.yaml': rule('b') })
    await watch.start()
    writeFileSync(path('a.yaml'), '- { id: a }\n')
    expect(await next()).toBe('invalid: "on" is missing; "when" is missing')
    expect(await next()).toBeUndefined()
    writeFileSync(path('b.yaml'), rule('b', 9))
    expect(await next()).toBe('invalid: "on" is missing; "when" is missing')
    writeFileSync(path('a.yaml'), rule('a', 5))
    expect(await next()).toBe('a 5, b 9')
    expect(told).toHaveLength(3)
  })

  it('says that all is well again when a wrong file goes back to what runs', async () => {
    const { path, watch, next } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    writeFileSync(path('a.yaml'), 'a: [')
    expect(await next()).toMatch(/^invalid/)
    writeFileSync(path('a.yaml'), rule('a'))
    expect(await next()).toBe('a 1')
  })

  it('tells nothing when only a comment changed', async () => {
    const { path, watch, next, loads } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    writeFileSync(path('a.yaml'), `# about a\n${rule('a')}`)
    expect(await next()).toBeUndefined()
    expect(loads()).toBe(1)
  })

  it('notices what changed between loading and starting to watch', async () => {
    const { path, watch, next } = await scene({ 'a.yaml': rule('a') })
    writeFileSync(path('a.yaml'), rule('a', 20))
    await watch.start()
    expect(await next()).toBe('a 20')
  })

  it('follows limen.yaml to other files, and keeps the running set when that file is wrong', async () => {
    const { path, watch, next, configFile, setSources, setConfigProblems } = await scene({ 'a.yaml': rule('a'), 'other.yml': rule('other') })
    await watch.start()
    setConfigProblems([{ file: 'limen.yaml', line: 1, column: 1, path: '', message: 'unknown key', remedy: 'x' }])
    writeFileSync(configFile, 'rulez: []\n')
    expect(await next()).toBe('invalid: unknown key')
    setConfigProblems(undefined)
    setSources([files('rules/*.yml')])
    writeFileSync(configFile, 'rules: [rules/*.yml]\n')
    expect(await next()).toBe('other 1')
    writeFileSync(path('other.yml'), rule('other', 7))
    expect(await next()).toBe('other 7')
  })

  it('keeps the running set when limen.yaml is gone', async () => {
    const { watch, next, configFile, setSources } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    renameSync(configFile, `${configFile}.away`)
    setSources([])
    expect(await next()).toBe('invalid: is gone')
    renameSync(`${configFile}.away`, configFile)
    setSources([files('rules/*.yaml')])
    expect(await next()).toBe('a 1')
  })

  it('reads nothing while nothing changes', async () => {
    const { watch, next, loads } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    expect(await next()).toBeUndefined()
    expect(loads()).toBe(0)
  })

  it('tells nothing after it was stopped, however often', async () => {
    const { path, watch, next } = await scene({ 'a.yaml': rule('a') })
    await watch.start()
    await watch.start()
    await watch.stop()
    await watch.stop()
    writeFileSync(path('a.yaml'), rule('a', 20))
    expect(await next()).toBeUndefined()
  })
})
