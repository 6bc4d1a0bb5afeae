import type { FSWatcher } from 'node:fs'
import { watch } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { Cancel, Clock } from '../kernel/clock.ts'
import { asError } from '../kernel/errors.ts'
import { digest } from '../kernel/hash.ts'
import type { Logger } from '../kernel/log.ts'
import type { Problem } from '../kernel/problem.ts'
import type { RuleSource } from '../kernel/rule-source.ts'
import type { LoadedRules } from './load.ts'
import type { Bases } from './load-files.ts'
import { expandSources, fingerprint } from './load-files.ts'

export interface RuleWatchOptions extends Bases {
  /** What was read last, right or wrong. */
  readonly loaded: LoadedRules
  readonly sources: readonly RuleSource[]
  /** limen.yaml, absolute: rules may be written in it, and it names the files. Undefined: not watched. */
  readonly configFile: string | undefined
}

export interface RuleWatchDeps {
  readonly clock: Clock
  readonly logger: Logger
  load(sources: readonly RuleSource[]): Promise<LoadedRules>
  /** The `rules:` of limen.yaml as it now stands, or what is wrong with that file. */
  rereadSources(): Promise<readonly RuleSource[] | { readonly problems: readonly Problem[] }>
  /** A whole, right set that differs from the one read last, if only in how it is written or in what beside rules stands there, or follows an invalid one. */
  onRules(loaded: LoadedRules): void
  /** The files as they now stand are wrong; the running set stays. */
  onInvalid(problems: readonly Problem[]): void
}

export interface RuleWatch {
  start(): Promise<void>
  /** Resolves once no load is running any more. */
  stop(): Promise<void>
}

/** Safety net under the file system's own notices, which network and container mounts do not all give. */
const pollMs = 1_000
/** Editors and copies write in several steps: what looks the same twice, so far apart, is done. */
const settleMs = 100
/** What never comes to rest is read as it is after so many looks. */
const mostLooks = 20

/**
 * Keeps the rules as the files are. A changed, new or deleted file (editors that write beside and rename, too) makes the whole
 * set be loaded anew and swapped at once; a set with an error changes nothing. One load at a time; changes meanwhile are one more.
 */
export function watchRules(options: RuleWatchOptions, deps: RuleWatchDeps): RuleWatch {
  const { clock } = deps
  let sources = options.sources
  /** The state of all files that was last acted upon, and the one last looked at. */
  let seen = ''
  let glimpsed = ''
  let looks = 0
  let lastRead = contentOf(options.loaded)
  let lastWasInvalid = options.loaded.problems.length > 0
  let started = false
  let busy: Promise<void> | undefined
  let again = false
  let cancelPoll: Cancel | undefined
  let cancelSettle: Cancel | undefined
  const watchers = new Map<string, FSWatcher>()

  async function look(): Promise<string> {
    const [{ files, directories }, config] = await Promise.all([expandSources(sources, options), stampOf(options.configFile)])
    if (started) follow(directories)
    return `${config}\n${fingerprint(files)}`
  }

  /** Directories rather than files: a file that is replaced by a rename would be lost. */
  function follow(directories: readonly string[]): void {
    const wanted = new Set(options.configFile === undefined ? directories : [...directories, dirname(options.configFile)])
    for (const [directory, watcher] of watchers) {
      if (wanted.has(directory)) continue
      watcher.close()
      watchers.delete(directory)
    }
    for (const directory of wanted) if (!watchers.has(directory)) watchDirectory(directory)
  }

  function watchDirectory(directory: string): void {
    const configName = options.configFile === undefined || dirname(options.configFile) !== directory ? undefined : basename(options.configFile)
    try {
      const watcher = watch(directory, { persistent: false }, (_event, name) => {
        // In the configuration's own directory much may go on (the data, a log) that is none of the rules' business.
        if (name === null || name === configName || /\.(ya?ml|json)$/i.test(name)) settle()
      })
      const drop = (error: unknown): void => {
        deps.logger.debug({ directory, error: asError(error).message }, 'directory of rules is not watched any more; looked at every second')
        watcher.close()
        watchers.delete(directory)
      }
      watcher.on('error', drop)
      watchers.set(directory, watcher)
    } catch (error) {
      deps.logger.debug({ directory, error: asError(error).message }, 'directory of rules cannot be watched; looked at every second')
    }
  }

  function settle(): void {
    if (!started || cancelSettle !== undefined) return
    cancelSettle = clock.after(settleMs, () => {
      cancelSettle = undefined
      check()
    })
  }

  function poll(): void {
    if (!started) return
    cancelPoll = clock.after(pollMs, () => {
      check()
      poll()
    })
  }

  function check(): void {
    if (busy !== undefined) {
      again = true
      return
    }
    busy = reloadIfChanged()
      .catch((error: unknown) => deps.logger.error({ error: asError(error).message }, 'rules could not be looked at'))
      .finally(() => {
        busy = undefined
        if (again) settle()
        again = false
      })
  }

  async function reloadIfChanged(): Promise<void> {
    const now = await look()
    if (now === seen || !started) return
    if (now !== glimpsed && ++looks < mostLooks) {
      glimpsed = now
      return settle()
    }
    looks = 0
    const reread = await rereadUnlessGone()
    if (!started) return
    if ('problems' in reread) {
      seen = now
      lastWasInvalid = true
      return deps.onInvalid(reread.problems)
    }
    sources = reread
    const loaded = await deps.load(sources)
    // What was there before it was read: whatever changed since is found at the next look.
    seen = `${now.slice(0, now.indexOf('\n'))}\n${loaded.fingerprint}`
    if (started) tell(loaded)
  }

  /** A configuration that is gone asks for nothing; taken at its word, every alarm would end. */
  async function rereadUnlessGone(): ReturnType<RuleWatchDeps['rereadSources']> {
    const { configFile } = options
    if (configFile === undefined || (await exists(configFile))) return deps.rereadSources()
    return { problems: [{ file: configFile, line: 0, column: 0, path: '', message: 'is gone', remedy: 'bring it back; until then the rules stay as they are' }] }
  }

  function tell(loaded: LoadedRules): void {
    if (loaded.problems.length > 0) {
      lastWasInvalid = true
      return deps.onInvalid(loaded.problems)
    }
    const read = contentOf(loaded)
    if (read === lastRead && !lastWasInvalid) return
    lastWasInvalid = false
    lastRead = read
    deps.onRules(loaded)
  }

  return {
    async start() {
      if (started) return
      started = true
      const config = await stampOf(options.configFile)
      seen = `${config}\n${options.loaded.fingerprint}`
      follow(options.loaded.directories)
      check()
      poll()
    },
    async stop() {
      started = false
      cancelPoll?.()
      cancelSettle?.()
      cancelSettle = undefined
      for (const watcher of watchers.values()) watcher.close()
      watchers.clear()
      await busy
    },
  }
}

/** Of what is compared only whether it is the same, a hash is kept. Tables and zones are named by rules that stand elsewhere, too. */
function contentOf({ rules, texts, tables, zones }: LoadedRules): string {
  return digest(JSON.stringify([tables.tables, [...zones]]), ...rules.flatMap((rule) => [rule.id, rule.version, texts.get(rule.id) ?? '']))
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }
}

/** Empty where there is none. */
async function stampOf(file: string | undefined): Promise<string> {
  if (file === undefined) return ''
  try {
    const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true })
    return `${size} ${mtimeNs} ${ctimeNs} ${ino}`
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'gone'
  }
}
