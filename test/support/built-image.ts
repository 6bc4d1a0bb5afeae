import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Stage, Step } from './dockerfile.ts'
import { reachesBuild, readDockerfile } from './dockerfile.ts'
import { mustRun } from './programs.ts'

const checkout = resolve(import.meta.dirname, '../..')
const isRoot = process.getuid?.() === 0

export interface BuiltImage {
  /** Where a path of the container is on this machine. */
  path(inside: string): string
  /** Working directory of the container. */
  readonly cwd: string
  /** The image's ENV and a PATH with nothing of this machine's Node or npm in it. */
  readonly env: Readonly<Record<string, string>>
  /** The image's USER; undefined where one may not change to it. */
  readonly uid: number | undefined
  remove(): void
}

/**
 * Carries out the Dockerfile without Docker: every stage is a folder, absolute paths of its steps point into it, COPY takes
 * from the build context (what .dockerignore lets through) or from another stage's folder, RUN is run by sh.
 */
export async function buildImage(): Promise<BuiltImage> {
  const file = readDockerfile()
  const work = mkdtempSync(join(tmpdir(), 'limen-image-'))
  chmodSync(work, 0o755)
  const context = join(work, 'context')
  const listed = await mustRun('git', ['ls-files', '-co', '--exclude-standard'], { cwd: checkout })
  for (const path of listed.trim().split('\n').filter(reachesBuild)) copy(join(checkout, path), join(context, path))

  const folders = new Map<string, string>()
  let cwd = '/'
  let folder = ''
  for (const [index, stage] of file.stages.entries()) {
    folder = join(work, `stage-${index}`)
    folders.set(stage.name, folder)
    cwd = await carryOut(stage, { folder, context, folders })
  }
  // As in the base image. Development's own copy may lie where the image's user may not look.
  copyFileSync(process.execPath, join(folder, 'usr/local/bin/node'))
  const path = (inside: string): string => join(folder, inside)
  const uid = file.stages.at(-1)!.steps.findLast(({ word }) => word === 'USER')!.text.split(':')[0]
  return {
    path, cwd: path(cwd), uid: isRoot ? Number(uid) : undefined,
    env: { ...Object.fromEntries(Object.entries(file.env).map(([name, value]) => [name, moved(value, folder)])), PATH: `${path('/usr/local/bin')}:/usr/bin:/bin` },
    remove: () => rmSync(work, { recursive: true, force: true }),
  }
}

async function carryOut(stage: Stage, { folder, context, folders }: { folder: string; context: string; folders: ReadonlyMap<string, string> }): Promise<string> {
  let cwd = '/'
  for (const inBase of ['usr/local/bin', 'tmp']) mkdirSync(join(folder, inBase), { recursive: true })
  const at = (path: string): string => join(folder, resolve(cwd, path))
  const step = async ({ word, text }: Step): Promise<void> => {
    if (word === 'WORKDIR') {
      cwd = text
      mkdirSync(at('.'), { recursive: true })
    } else if (word === 'COPY') {
      const [, from, paths] = /^(?:--from=(\S+) )?(.*)$/.exec(text) as unknown as [string, string | undefined, string]
      const sources = paths.split(' ')
      const to = sources.pop()!
      for (const source of sources) copy(join(from === undefined ? context : folders.get(from)!, source), to.endsWith('/') ? join(at(to), source) : at(to))
    } else if (word === 'RUN') {
      const own = isRoot ? text : text.replaceAll(/ -[og] \d+/g, '')
      await mustRun('sh', ['-ec', moved(own, folder)], { cwd: at('.') })
    }
  }
  for (const each of stage.steps) await step(each)
  return cwd
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

/** Absolute paths that the steps use, as they lie on this machine. */
function moved(text: string, folder: string): string {
  return text.replaceAll(/(?<=^|[\s=])\/(?=(?:build|opt|data|credentials|etc\/limen|tmp|usr\/local\/bin)(?:[/\s]|$))/g, `${folder}/`)
}
