import { describe, expect, it } from 'vitest'
import { commands as commandsOfLimen } from '../../gateway/cli/commands.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import { claimOf, claims } from './claims.ts'
import { commandsOf, mentionsOf, readPages } from './markdown.ts'
import { checkYaml, isRunnable, isShell, runPage } from './run-page.ts'
import { scenes } from './scenes.ts'

const pages = await readPages()
const blocks = pages.flatMap((page) => page.blocks)
const commands = blocks.filter(isShell).flatMap(commandsOf)

/** Languages whose blocks are for readers to use, and how each is tested; the others are drawings and outputs. */
const tested = new Set(['sh', 'bash', 'yaml', 'js', 'sql', 'flux'])
const shown = new Set(['', 'text', 'ts', 'json'])

const isBuilt = (command: string): boolean => command.startsWith('--') || commandsOfLimen.some(({ name, load }) => name === command && load !== null)

describe('what the pages tell a reader to type', () => {
  it('is claimed by a test, every command of it', () => {
    expect(commands.length).toBeGreaterThan(30)
    expect(commands.filter(({ text }) => claimOf(text) === undefined).map(({ file, line, text }) => `${file}:${line}: no test claims "${text}"; see test/docs/claims.ts`)).toEqual([])
  })

  it('stands in blocks whose language says how they are tested', () => {
    expect(blocks.filter(({ language }) => !tested.has(language) && !shown.has(language)).map(({ file, line, language }) => `${file}:${line}: nothing tests blocks of ${language}`)).toEqual([])
  })

  it('has no claim that fits everything, and none that fits nothing', () => {
    expect(claims.filter(({ matches }) => matches.test('rm -rf /') || matches.test('')).map(({ matches }) => String(matches))).toEqual([])
    expect(claims.filter((claim) => !commands.some(({ text }) => claimOf(text) === claim)).map(({ matches }) => String(matches))).toEqual([])
  })

  it('is about what is there, where it cannot be run', () => {
    const wrong = commands.flatMap(({ file, line, text }) => {
      const claim = claimOf(text)
      const found = claim?.how === 'look' ? claim.look(text.split(/\s+/)) : undefined
      return found === undefined ? [] : [`${file}:${line}: ${text}: ${found}`]
    })
    expect(wrong).toEqual([])
  })

  it('is there, where it is only spoken of', () => {
    const mentions = pages.flatMap(mentionsOf)
    expect(mentions.length).toBeGreaterThan(5)
    const wrong = mentions.flatMap(({ file, line, text }) => {
      const words = text.split(/\s+/)
      const limen = /^(?:limen|npm run limen --) (\S+)/.exec(text)?.[1]
      const claim = claimOf(text)
      if (limen !== undefined ? isBuilt(limen) : claim !== undefined && (claim.how !== 'look' || claim.look(words) === undefined)) return []
      return [`${file}:${line}: \`${text}\` is nothing that is there`]
    })
    expect(wrong).toEqual([])
  })

  it('has a test for every script and names no script, word or output that is not there', () => {
    const scripts = blocks.filter(({ language }) => language === 'js')
    expect(scripts.filter(({ file, name }) => scenes[file]?.scripts?.[name] === undefined).map(({ file, line, name }) => `${file}:${line}: no test runs the script "${name}"; see test/docs/scenes.ts`)).toEqual([])
    for (const [file, scene] of Object.entries(scenes)) {
      expect(Object.keys(scene.scripts ?? {}).filter((name) => !scripts.some((block) => block.file === file && block.name === name)), file).toEqual([])
      expect((scene.says ?? []).map(([begins]) => begins).filter((begins) => !commands.some((command) => command.file === file && command.text.startsWith(begins))), file).toEqual([])
    }
  })

  const yaml = pages.flatMap((page) => page.blocks.filter(({ language }) => language === 'yaml').map((block) => ({ page, block, at: `${block.file}:${block.line}` })))
  it.each(yaml)('passes limen check: $at', async ({ page, block }) => {
    expect(await checkYaml(block, page)).toMatch(/^ok: /)
  })

  const kindRows = [...pages.find(({ file }) => file === 'README.md')!.text.matchAll(/^\| \[([a-zA-Z, ]+)\]\((docs\/rules\/[a-z-]+\.md)\) \| [^|]+ \| `(.+)` \|$/gm)].map(([, kinds, link, example]) => ({ kinds: kinds!.split(', '), link: link!, example: example! }))

  it('has every kind of rule in the table of the README, with its page', () => {
    expect(kindRows.flatMap(({ kinds }) => kinds).sort()).toEqual(Object.keys(kindSchemas).sort())
    for (const { kinds, link } of kindRows) expect(pages.find(({ file }) => file === link)?.text.split('\n')[0], link).toBe(`# ${kinds.join(', ')}`)
  })

  it.each(kindRows)('has an example in that table which passes limen check: $example', async ({ example }) => {
    const text = `zones: { ward: { circle: { lat: 0, lon: 0, radius: 1km } } }\nrules:\n  - { id: example, on: { ${/^(?:all|score|geofence)/.test(example) ? 'device: "*"' : 'metric: x'} }, when: { ${example} } }\n`
    const block = { file: 'README.md', line: 0, language: 'yaml', name: '', heading: '', text }
    expect(await checkYaml(block, { file: 'README.md', text, blocks: [block] })).toMatch(/^ok: 1 rule/)
  })

  const runnable = pages.filter(isRunnable)
  it.each(runnable)('works, typed in its order: $file', async (page) => {
    await runPage(page, scenes[page.file] ?? {}, { realTools: false })
  }, 240_000)
})
