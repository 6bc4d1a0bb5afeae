import type { BigIntStats } from 'node:fs'
import { glob, stat } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import type { Problem } from '../kernel/problem.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import { problemAt } from '../kernel/shape.ts'

export interface Bases {
  /** What patterns are relative to; absolute. */
  readonly baseDir: string
  /** What problems name files relative to; absolute. */
  readonly cwd: string
}

export interface RuleFile {
  /** Absolute. */
  readonly path: string
  /** As problems name it. */
  readonly shown: string
  readonly sizeBytes: number
  /** Changes when the file does. */
  readonly stamp: string
}

export interface Expanded {
  /** Sorted, every file once. */
  readonly files: readonly RuleFile[]
  /** Where changes are to be expected: absolute, every directory once. */
  readonly directories: readonly string[]
  readonly problems: Problem[]
}

const magic = /[*?[\]{}!()]/

/** The files that paths and globs stand for. A path must exist; of a glob the directory it begins with. */
export async function expandSources(sources: readonly RuleSource[], bases: Bases): Promise<Expanded> {
  const files = new Map<string, RuleFile>()
  const directories = new Set<string>()
  const problems: Problem[] = []
  for (const source of sources) {
    if (source.kind !== 'files') continue
    // One that stands nowhere was named by a command.
    const base = source.path === '' ? 'the working directory' : 'the configuration file'
    const problem = (message: string, remedy: string): void => void problems.push(problemAt({ place: source.place, path: source.path }, message, remedy))
    const root = resolve(bases.baseDir, fixedPart(source.pattern))
    directories.add(root)
    if (!magic.test(source.pattern)) {
      await addFile(resolve(bases.baseDir, source.pattern), { files, bases, problem, base })
      continue
    }
    if (!(await isDirectory(root))) {
      problem(`there is no directory ${shown(root, bases.cwd)}`, `make it, or mend the path; it is relative to ${base}`)
      continue
    }
    const configFile = resolve(bases.cwd, source.place.file)
    for await (const match of glob(source.pattern, { cwd: bases.baseDir })) {
      const path = resolve(bases.baseDir, match)
      // `*.yaml` beside limen.yaml finds it too.
      if (path === configFile) continue
      directories.add(dirname(path))
      await addFile(path, { files, bases, problem: undefined, base })
    }
  }
  const sorted = [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
  return { files: sorted, directories: [...directories].sort(), problems }
}

/** One text for the state of all files; another after any change. */
export function fingerprint(files: readonly RuleFile[]): string {
  return files.map((file) => `${file.path} ${file.stamp}`).join('\n')
}

export function shown(path: string, cwd: string): string {
  const near = relative(cwd, path)
  return near !== '' && near.length < path.length ? near : path
}

/** `problem` where the file was named; what a glob finds may be a directory or gone again. */
async function addFile(path: string, at: { files: Map<string, RuleFile>; bases: Bases; problem: ((message: string, remedy: string) => void) | undefined; base: string }): Promise<void> {
  const name = shown(path, at.bases.cwd)
  let found: BigIntStats
  try {
    found = await stat(path, { bigint: true })
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    at.problem?.(code === 'ENOENT' ? `there is no file ${name}` : `${name} cannot be read (${code ?? 'error'})`, `mend the path; it is relative to ${at.base}`)
    return
  }
  if (found.isDirectory()) return at.problem?.(`${name} is a directory`, `write ${name}${sep}*.yaml`)
  if (!found.isFile()) return at.problem?.(`${name} is no file, but a device or a pipe`, 'write the path of a file')
  const stamp = `${found.size} ${found.mtimeNs} ${found.ctimeNs} ${found.ino}`
  at.files.set(path, { path, shown: name, sizeBytes: Number(found.size), stamp })
}

/** The directories before the first wildcard. */
function fixedPart(pattern: string): string {
  const steps = pattern.split('/')
  const first = steps.findIndex((step) => magic.test(step))
  return steps.slice(0, first === -1 ? -1 : first).join('/') || (pattern.startsWith('/') ? '/' : '.')
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    // Not there, or not to be looked into: either way nothing can be found in it, and the caller says so.
    return false
  }
}
