import { access, mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LimenError } from '../kernel/errors.ts'
import type { CliDeps } from './deps.ts'
import { configTemplate, rulesTemplate, unitTemplate } from './init-files.ts'
import { readArguments } from './usage.ts'

/** `limen init [DIR]`: writes limen.yaml, rules/example.yaml and limen.service, or nothing where one of them is there already. */
export async function initCommand(args: readonly string[], deps: CliDeps): Promise<number> {
  const given = readArguments(args, { command: 'limen init', options: {}, positionals: ['DIR?'] })
  const directory = resolve(deps.cwd, given.positionals[0] ?? '.')
  const main = await realpath(fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)))
  const files = [
    { path: join(directory, 'limen.yaml'), content: configTemplate },
    { path: join(directory, 'rules', 'example.yaml'), content: rulesTemplate },
    { path: join(directory, 'limen.service'), content: unitTemplate({ node: process.execPath, main, directory }) },
  ]
  const there = (await Promise.all(files.map(async ({ path }) => ((await exists(path)) ? [path] : [])))).flat()
  if (there.length > 0) throw new LimenError('CONFLICT', `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written`, { remedy: 'name another directory: limen init DIR' })
  try {
    for (const { path, content } of files) {
      await mkdir(dirname(path), { recursive: true })
      // wx: what came into being meanwhile is not overwritten either.
      await writeFile(path, content, { flag: 'wx' })
      deps.stdout.write(`wrote ${path}\n`)
    }
  } catch (cause) {
    throw new LimenError('CONFLICT', `cannot write into ${directory} (${(cause as NodeJS.ErrnoException).code ?? 'error'})`, { cause, remedy: 'name a directory that can be written: limen init DIR' })
  }
  const config = files[0]!.path
  deps.stdout.write(`next: limen check --config ${config}, then limen start --config ${config}\n`)
  return 0
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' && (error as NodeJS.ErrnoException).code !== 'ENOTDIR'
  }
}
