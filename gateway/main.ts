#!/usr/bin/env node
/**
 * The command `limen`: version of Node, compile cache, arguments, signals, exit codes.
 * Nothing heavy is imported here; every command loads what it needs.
 */
// The whole namespace: an older Node has no enableCompileCache to import by name, and must come as far as the line that says so.
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  process.stderr.write(`limen: needs Node 24.15 or later, this is ${process.versions.node}; in a checkout run "npm start", which brings its own, else install a newer Node\n`)
  process.exitCode = 1
} else {
  enableCache()
  if (process.argv[2] === 'start') startOver()
  const { runProcess } = await import('./cli/run.ts')
  await runProcess()
}

/**
 * Compiled code, types stripped, is kept between starts: it saves memory and time on every start after the first.
 * Beside the sources where one can write there (a checkout); else where systemd or the user keeps caches.
 * Never in the shared /tmp, where another user could have put something first.
 */
function enableCache(): void {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME, HOME, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = process.env
  if (NODE_COMPILE_CACHE !== undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return
  const places = [
    join(dirname(dirname(fileURLToPath(import.meta.url))), '.cache', 'compile'),
    CACHE_DIRECTORY === undefined ? undefined : join(CACHE_DIRECTORY.split(':')[0]!, 'compile'),
    XDG_CACHE_HOME === undefined ? undefined : join(XDG_CACHE_HOME, 'limen'),
    HOME === undefined ? undefined : join(HOME, '.cache', 'limen'),
  ]
  const { ENABLED, ALREADY_ENABLED } = nodeModule.constants.compileCacheStatus
  for (const place of places) {
    if (place === undefined) continue
    const { status } = nodeModule.enableCompileCache(place)
    if (status !== ENABLED && status !== ALREADY_ENABLED) continue
    // Worker threads look here: without it each would strip types anew, at 20 MB a thread.
    process.env['NODE_COMPILE_CACHE'] = place
    return
  }
}

/**
 * What runs for months starts over as the same process, with what has to be known before the first line: the compile cache
 * (this very file was stripped without it) and bounds on what V8 and malloc reserve beyond what is used (docs/decisions/memory.md).
 */
function startOver(): void {
  if (process.execve === undefined || process.execArgv.includes('--expose-gc')) return
  const flags = ['--max-semi-space-size=32', '--heap-growing-percent=200', '--expose-gc']
  process.execve(process.execPath, [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)], { MALLOC_ARENA_MAX: '2', ...process.env })
}
