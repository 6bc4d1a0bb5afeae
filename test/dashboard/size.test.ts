import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { beforeAll, describe, expect, it, vi } from 'vitest'

const dashboard = resolve(import.meta.dirname, '../../dashboard')

/** Everything a build makes, name → text. */
async function built(outDir: string): Promise<Map<string, string>> {
  // Vitest says "test", with which vite builds what is meant for development.
  vi.stubEnv('NODE_ENV', 'production')
  await build({ configFile: join(dashboard, 'vite.config.ts'), logLevel: 'silent', build: { outDir, emptyOutDir: true } })
  const files = await Array.fromAsync(glob('**/*.*', { cwd: outDir }))
  return new Map(files.map((file) => [file, readFileSync(join(outDir, file), 'utf8')]))
}

describe('the built dashboard', () => {
  let files: Map<string, string>
  beforeAll(async () => {
    const dir = join(import.meta.dirname, '../../node_modules/.cache/dashboard-size')
    files = await built(dir)
  })

  /** As the gateway packs them. */
  const gzipped = (names: Iterable<string>): number => [...names].reduce((sum, name) => sum + gzipSync(files.get(name)!, { level: 9 }).length, 0)

  it('has at most 60 KB of JavaScript in all, gzipped', () => {
    const scripts = [...files.keys()].filter((name) => name.endsWith('.js'))
    expect(scripts.length).toBeGreaterThan(0)
    expect(gzipped(scripts)).toBeLessThanOrEqual(60_000)
  })

  it('has at most half of it before the first page is shown', () => {
    const first = new Set([...files.get('index.html')!.matchAll(/<script[^>]* src="\/([^"]+)"/g)].map(([, name = '']) => name))
    // What a script imports is fetched with it; what it imports by `import()` is not.
    for (const name of first) for (const [, other] of files.get(name)!.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) first.add(`assets/${other}`)
    expect(first.size).toBeGreaterThan(0)
    expect(gzipped(first)).toBeLessThanOrEqual(30_000)
  })

  it('fetches nothing from elsewhere and has nothing inline: the content security policy would refuse it', () => {
    const html = files.get('index.html')!
    expect(html).not.toMatch(/<style|style="|<script(?![^>]*\bsrc=)|\son[a-z]+="/)
    expect([...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address).filter((address) => !address?.startsWith('/'))).toEqual([])
    const styles = [...files].filter(([name]) => name.endsWith('.css')).map(([, text]) => text).join('')
    expect(styles).not.toMatch(/@import|url\((?!["']?\/assets\/|["']?#)/)
  })
})
