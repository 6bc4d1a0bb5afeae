/**
 * Makes dist/, what `npm pack` packs: JavaScript instead of TypeScript, since Node strips no types under node_modules.
 * dist/ mirrors the checkout folder by folder, so that every relative path in the code means the same in both.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

/** Folders whose files other than TypeScript go along as they are; the compiler takes the rest of them. */
const withAssets = ['flows', 'gateway/rules/tables']
/** Built before this by `npm run build:dashboard`. */
const dashboard = join('dashboard', 'dist')

await rm(dist, { recursive: true, force: true })
execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'tsconfig.build.json')], { cwd: root, stdio: 'inherit' })
for (const folder of withAssets) for (const file of filesOf(folder)) await take(file)
if (existsSync(join(root, 'dashboard'))) {
  if (!existsSync(join(root, dashboard, 'index.html'))) fail(`${dashboard}/index.html is not there: npm run build:dashboard makes it`)
  for (const file of filesOf(dashboard)) await take(file)
}
await writeManifest()
await chmod(join(dist, 'gateway/main.js'), 0o755)
const wrong = await leftovers()
if (wrong.length > 0) fail(`these name a .ts file, which is not in the package; let the ending follow import.meta.url, as gateway/store/worker-url.ts does:\n  ${wrong.join('\n  ')}`)

/** Paths from the root, without TypeScript and what an editor or a run left behind. */
function filesOf(folder: string): readonly string[] {
  return globSync(`${folder}/**/*`, { cwd: root, withFileTypes: true, exclude: (entry) => entry.name === 'node_modules' || entry.name === '.cache' })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
}

/** Node-RED loads .cjs files; those that only `require` their TypeScript require the compiled file here. */
async function take(file: string): Promise<void> {
  const to = join(dist, file)
  await mkdir(dirname(to), { recursive: true })
  if (!file.endsWith('.cjs')) return copyFile(join(root, file), to)
  const text = await readFile(join(root, file), 'utf8')
  await writeFile(to, text.replace(/(\b(?:require|import)\(\s*(['"])\.{1,2}\/[^'"\n]*?)\.ts(\2)/g, '$1.js$3'))
}

/** What the code reads of it: its name, its version, that .js files are modules. */
async function writeManifest(): Promise<void> {
  const { name, version, license } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, string>
  await writeFile(join(dist, 'package.json'), `${JSON.stringify({ name, version, license, private: true, type: 'module' }, undefined, 2)}\n`)
}

/** A path put together at run time is nothing the compiler rewrites. */
async function leftovers(): Promise<readonly string[]> {
  const found: string[] = []
  for (const file of globSync('**/*.{js,cjs}', { cwd: dist, exclude: ['dashboard'] })) {
    const lines = (await readFile(join(dist, file), 'utf8')).split('\n')
    for (const [index, line] of lines.entries()) {
      if (/['"`][^'"`\s]+\.ts['"`]/.test(line.replace(/^\s*(?:\/\/|\/?\*).*/, ''))) found.push(`${file}:${index + 1} ${line.trim()}`)
    }
  }
  return found
}

function fail(message: string): never {
  process.stderr.write(`build-package: ${message}\n`)
  process.exit(1)
}
