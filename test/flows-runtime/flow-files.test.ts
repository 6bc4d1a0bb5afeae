import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FlowFiles, createFlowFiles } from '../../flows/flow-files.ts'
import { tempDir } from '../support/temp-dir.ts'

const start = Date.parse('2026-11-26T11:05:43.123Z')

interface Bench extends FlowFiles { readonly dir: string; readonly problems: string[]; now: number; at(name: string): unknown; versions(): string[] }

function bench(dir = tempDir(), keep = 20): Bench {
  const problems: string[] = []
  const seedFile = join(dir, 'seed.json')
  writeFileSync(seedFile, '[{"id":"seed","type":"tab"}]')
  const made = createFlowFiles({ dir, seedFile, keep }, { now: () => self.now, onProblem: (text) => problems.push(text) })
  const self = Object.assign(made, {
    dir, problems, now: start,
    at: (name: string): unknown => JSON.parse(readFileSync(join(dir, name), 'utf8')),
    versions: () => readdirSync(join(dir, 'versions')).sort(),
  })
  return self
}

const tab = (id: string): readonly { id: string; type: string }[] => [{ id, type: 'tab' }]

describe('files of the flows', () => {
  it('begin with the seed, once', async () => {
    const files = bench()
    await files.prepare()
    expect(await files.readFlows()).toEqual(tab('seed'))
    expect(await files.readCredentials()).toEqual({})
    await files.write([], {})
    const again = bench(files.dir)
    await again.prepare()
    expect(await again.readFlows()).toEqual([])
    expect([...files.problems, ...again.problems]).toEqual([])
  })

  it('keep the pair of before at each deploy, the newest twenty, and none where nothing changed', async () => {
    const files = bench()
    await files.prepare()
    await files.write(tab('first'), { $: 'one' })
    expect(files.versions()).toEqual(['20261126T110543123Z'])
    expect(files.at('versions/20261126T110543123Z/flows.json')).toEqual(tab('seed'))
    files.now += 1
    await files.write(tab('first'), { $: 'one' })
    expect(files.versions()).toHaveLength(1)
    await files.write(tab('second'), { $: 'two' })
    expect(files.at('versions/20261126T110543124Z/flows.json')).toEqual(tab('first'))
    expect(files.at('versions/20261126T110543124Z/flows_cred.json')).toEqual({ $: 'one' })
    for (let i = 0; i < 25; i++) {
      files.now += 1
      await files.write(tab(`n${i}`), { $: 'two' })
    }
    expect(files.versions()).toHaveLength(20)
    expect(files.at(`versions/${files.versions().at(-1)}/flows.json`)).toEqual(tab('n23'))
    for (const name of ['flows.json', 'flows_cred.json', `versions/${files.versions()[0]}/flows.json`]) expect(statSync(join(files.dir, name)).mode & 0o777).toBe(0o600)
  })

  it('name a version later than the last although the clock was set back', async () => {
    const files = bench()
    await files.prepare()
    await files.write(tab('a'), {})
    files.now -= 3_600_000
    await files.write(tab('b'), {})
    expect(files.versions()).toEqual(['20261126T110543123Z', '20261126T110543124Z'])
    expect(files.at('versions/20261126T110543124Z/flows.json')).toEqual(tab('a'))
  })

  it('are both of the new deploy when it was killed after the new pair was complete, both of the old one before that', async () => {
    for (const killedAt of ['before', 'complete', 'credentials', 'flows', 'cut']) {
      const files = bench()
      await files.prepare()
      await files.write(tab('old'), { $: 'old' })
      const stat = statSync(join(files.dir, 'flows.json'), { bigint: true })
      const pending = JSON.stringify({ replaces: `${stat.ino}:${stat.mtimeNs}`, flows: JSON.stringify(tab('new')), credentials: '{"$":"new"}' })
      if (killedAt !== 'before') writeFileSync(join(files.dir, 'pending-deploy.json'), killedAt === 'cut' ? pending.slice(0, 40) : pending)
      if (killedAt === 'credentials' || killedAt === 'flows') writeFileSync(join(files.dir, 'flows_cred.json'), '{"$":"new"}')
      if (killedAt === 'flows') {
        writeFileSync(join(files.dir, 'flows.json.other'), JSON.stringify(tab('new')))
        rmSync(join(files.dir, 'flows.json'))
        writeFileSync(join(files.dir, 'flows.json'), JSON.stringify(tab('new')))
      }
      const again = bench(files.dir)
      await again.prepare()
      const expected = killedAt === 'before' || killedAt === 'cut' ? 'old' : 'new'
      expect(await again.readFlows(), killedAt).toEqual(tab(expected))
      expect(await again.readCredentials(), killedAt).toEqual({ $: expected })
      expect(readdirSync(files.dir)).not.toContain('pending-deploy.json')
    }
  })

  it('forget a deploy that was cut off when another version has been brought back since', async () => {
    const files = bench()
    await files.prepare()
    await files.write(tab('old'), { $: 'old' })
    writeFileSync(join(files.dir, 'pending-deploy.json'), JSON.stringify({ replaces: '1:1', flows: JSON.stringify(tab('new')), credentials: '{}' }))
    await files.prepare()
    expect(await files.readFlows()).toEqual(tab('old'))
  })

  it('say that they are damaged, stand in with the newest good version and its credentials, and overwrite nothing before the next deploy', async () => {
    const files = bench()
    await files.prepare()
    await files.write(tab('good'), { $: 'good' })
    files.now += 1
    await files.write(tab('newer'), { $: 'newer' })
    files.now += 1
    await files.write(tab('newest'), { $: 'newest' })
    writeFileSync(join(files.dir, 'versions', files.versions().at(-1)!, 'flows.json'), '{}')
    writeFileSync(join(files.dir, 'flows.json'), '[{"id":"newest","ty')
    expect(await files.readFlows()).toEqual(tab('good'))
    expect(await files.readCredentials()).toEqual({ $: 'good' })
    expect(files.problems).toEqual([expect.stringMatching(/^flows\.json is damaged .*20261126T110543124Z runs in its place.*limen flows rollback/)])
    expect(readFileSync(join(files.dir, 'flows.json'), 'utf8')).toBe('[{"id":"newest","ty')
    files.now += 1
    await files.write(tab('repaired'), { $: 'r' })
    expect(await files.readFlows()).toEqual(tab('repaired'))
    expect(readdirSync(files.dir).filter((name) => name.startsWith('flows.damaged-'))).toEqual(['flows.damaged-20261126T110543126Z.json'])
  })

  it('start empty and say so where nothing good is left', async () => {
    for (const damage of ['', 'null', '{"a":1}', '[1]', '[{"id":1}]', '\0\0\0']) {
      const files = bench()
      mkdirSync(files.dir, { recursive: true })
      writeFileSync(join(files.dir, 'flows.json'), damage)
      writeFileSync(join(files.dir, 'flows_cred.json'), damage)
      await files.prepare()
      expect(await files.readFlows()).toEqual([])
      await files.readCredentials()
      expect(files.problems[0]).toMatch(/no good version/)
    }
  })
})
