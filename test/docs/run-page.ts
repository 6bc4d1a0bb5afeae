import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { runCommandLine } from '../../gateway/cli/run.ts'
import { createCapturedCli } from '../support/cli-deps.ts'
import { claimOf } from './claims.ts'
import type { Block, CommandLine, Page } from './markdown.ts'
import { commandsOf, mentionsOf } from './markdown.ts'
import type { Scene } from './scene.ts'
import type { Session, SessionSet } from './session.ts'
import { openSession } from './session.ts'

/** Is there anything that can be run, or only looked at? */
export const isRunnable = (page: Page): boolean => page.blocks.some((block) => block.language === 'js' || (isShell(block) && commandsOf(block).some(({ text }) => claimOf(text)?.how !== 'look')))

export const isShell = ({ language }: Block): boolean => language === 'sh' || language === 'bash'

/** Commands, scripts and configuration of a page, in their order, on one gateway that runs with the page's own rules. */
export async function runPage(page: Page, scene: Scene, tools: Pick<SessionSet, 'realTools' | 'influxPort'>): Promise<void> {
  if (!isRunnable(page)) return
  const rules = Object.fromEntries(page.blocks.filter(isRules).map((block, index) => [`rules/page-${index}.yaml`, block.text]))
  const ports = Object.fromEntries(await Promise.all(Object.entries(scene.ports ?? {}).map(async ([port, free]) => [port, await free()] as const)))
  const further = (text: string): string => Object.entries(ports).reduce((sum, [port, other]) => sum.replaceAll(port, String(other)), text)
  const yaml = further(`${scene.yaml?.(tools) ?? ''}rules: [rules/*.yaml]\n`)
  const session = await openSession({ ...tools, ports, yaml, files: { 'rules/none.yaml': 'rules: []\n', ...rules, ...scene.files }, ...(scene.env === undefined ? {} : { env: scene.env }) })
  await scene.prepare?.(session)
  for (const block of page.blocks) {
    if (isShell(block)) for (const command of commandsOf(block)) await runCommand(session, command, { scene, ...tools })
    if (block.language === 'js') await scene.scripts![block.name]!(session, block)
  }
  // What only asks can be asked once more; what changes something is in the blocks.
  for (const mention of mentionsOf(page)) if (/^curl (?!.*-X )/.test(mention.text)) await runCommand(session, mention, { scene, ...tools })
}

async function runCommand(session: Session, command: CommandLine, { scene, influxPort }: { scene: Scene; influxPort?: number }): Promise<void> {
  const claim = claimOf(command.text)!
  if (claim.how === 'look' || (claim.how === 'run' && claim.needs === 'influx' && influxPort === undefined)) return
  let line = command.text
  for (const [word, stand] of Object.entries(scene.words ?? {})) {
    if (new RegExp(String.raw`\b${word}\b`).test(line)) line = line.replace(new RegExp(String.raw`\b${word}\b`, 'g'), await stand(session, command))
  }
  const where = `${command.file}:${command.line}: ${command.text}`
  const expected = scene.says?.find(([begins]) => command.text.startsWith(begins))?.[1]
  if (claim.how === 'until') {
    await session.runUntil(line, expected ?? claim.says)
    return
  }
  const ended = await session.run(line)
  expect(ended, where).toMatchObject({ code: 0 })
  if (expected !== undefined) expect(ended.output + session.writtenBy(line), where).toMatch(expected)
}

/** `rules:` with rules in it, or the whole of limen.yaml or a part of it. */
export function isRules(block: Block): boolean {
  if (block.language !== 'yaml') return false
  const content = parse(block.text) as { rules?: unknown }
  return Array.isArray(content.rules) && content.rules.some((rule) => typeof rule === 'object')
}

/** What `limen check` says of a block in a folder of its own; rules are checked beside all targets of the page. */
export async function checkYaml(block: Block, page: Page): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'limen-docs-'))
  try {
    await mkdir(join(dir, 'rules'))
    const targets = Object.assign({}, ...page.blocks.filter((each) => each.language === 'yaml').map((each) => (parse(each.text) as { targets?: object }).targets ?? {})) as object
    await writeFile(join(dir, 'rules/page.yaml'), isRules(block) ? block.text : 'rules: []\n')
    await writeFile(join(dir, 'limen.yaml'), isRules(block) ? JSON.stringify({ targets, rules: ['rules/*.yaml'] }) : block.text)
    const secrets = [...page.text.matchAll(/(?:secret|password)Env: (\w+)/g)].map((match) => [match[1]!, 'a secret'])
    const cli = createCapturedCli({ cwd: dir, env: Object.fromEntries(secrets) as Record<string, string> })
    await runCommandLine(['check'], cli.deps)
    return cli.out() + cli.err()
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
