import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { commands } from '../../gateway/cli/commands.ts'
import { loadConfig } from '../../gateway/config/load.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = resolve(import.meta.dirname, '../..')
const page = join(root, 'docs/install.md')
const text = readFileSync(page, 'utf8')
const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({ language: language!, code: code! }))
const lines = blocks.filter(({ language }) => language === 'sh').flatMap(({ code }) => code.trim().split('\n'))
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

describe('docs/install.md', () => {
  it('calls commands of limen that are there, with options they take', () => {
    const calls = lines.flatMap((line) => [...line.matchAll(/(?:^|sudo |-u limen |gateway |limen:[\d.]+ )(?:limen )?(start|check|init|device|user|export|simulate|dead-letters)\b(.*)$/g)])
    expect(calls.length).toBeGreaterThanOrEqual(7)
    for (const [line, name, rest] of calls) {
      const entry = commands.find((command) => command.name === name)
      expect([line, typeof entry?.load]).toEqual([line, 'function'])
      const options = [...rest!.matchAll(/ (--[a-z-]+)/g)].map((match) => match[1]!).filter((option) => option !== '--data')
      for (const option of options) expect([line, `${entry!.form}${entry!.help}`.includes(option)]).toEqual([line, true])
    }
  })

  it('names the package as npm pack names it, and scripts, services and secrets that there are', () => {
    expect(text).toContain(`limen-${version}.tgz`)
    expect(text).toContain(`limen:${version}`)
    const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: object; secrets: Record<string, object>; volumes: object }
    for (const [, path] of text.matchAll(/\b(docker\/[\w./-]+?)[:`\s]/g)) expect([path, existsSync(join(root, path!))]).toEqual([path, true])
    for (const [, name] of text.matchAll(/`secrets\/(\w+)`/g)) expect(Object.keys(compose.secrets)).toContain(name)
    for (const [, name] of text.matchAll(/--profile (\w+)/g)) expect(JSON.stringify(compose.services)).toContain(`"profiles":["${name!}"]`)
    for (const volume of Object.keys(compose.volumes)) expect(text).toContain(`\`${volume}\``)
  })

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!)
    expect(links.filter((link) => link !== 'technician.md' && !existsSync(join(dirname(page), link)))).toEqual([])
    const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase().replaceAll(/[^\w -]/g, '').replaceAll(' ', '-')))
    expect([...text.matchAll(/\]\(#([\w-]+)\)/g)].map((match) => match[1]!).filter((anchor) => !anchors.has(anchor))).toEqual([])
  })

  it('shows a configuration that is understood', async () => {
    const cwd = tempDir()
    writeFileSync(join(cwd, 'limen.yaml'), blocks.find(({ language }) => language === 'yaml')!.code)
    expect(await loadConfig({ cwd, env: {} })).toMatchObject({ mqtt: { host: '0.0.0.0' }, http: { host: '127.0.0.1' }, auth: { loopback: 'required', insecure: true } })
  })
})
