import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const files = await Array.fromAsync(glob('{gateway,flows,devices-sim,bench,faults,scripts,test,dashboard/src}/**/*.{ts,tsx}', { cwd: root }))
const source = new Map(files.sort().map((file) => [file, readFileSync(join(root, file), 'utf8')]))

/** Relative imports of a file, types included, as paths from the root. */
function importsOf(file: string): string[] {
  const found = source.get(file)!.matchAll(/(?:from|import\(|^import)\s*'(\.[^']+)'/gm)
  return [...found].map((match) => relative(root, resolve(root, dirname(file), match[1]!)))
}

const roomOf = (file: string): string | undefined => /^gateway\/([^/]+)\//.exec(file)?.[1]
/** Wiring may import any room: gateway/*.ts and cli/. */
const isWiring = (file: string): boolean => /^gateway\/[^/]+\.ts$/.test(file) || roomOf(file) === 'cli'

describe('the house', () => {
  it('keeps the rooms apart: a room imports the kernel and itself, nothing else', () => {
    const wrong: string[] = []
    for (const file of source.keys()) {
      const room = roomOf(file)
      if (room === undefined || isWiring(file)) continue
      for (const target of importsOf(file)) {
        const other = roomOf(target)
        if (other !== room && (other !== 'kernel' || room === 'kernel')) wrong.push(`${file} imports ${target}`)
        if (other === undefined) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('lets the simulator meet the gateway over MQTT and HTTP only', () => {
    const wrong: string[] = []
    for (const file of source.keys()) {
      for (const target of importsOf(file)) {
        if (file.startsWith('devices-sim/') && target.startsWith('gateway/')) wrong.push(`${file} imports ${target}`)
        if (file.startsWith('gateway/') && target.startsWith('devices-sim/') && roomOf(file) !== 'cli') wrong.push(`${file} imports ${target}`)
        if (file.startsWith('gateway/') && /^(?:test|bench|faults|scripts)\//.test(target)) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('lets the dashboard know types of the kernel only: it meets the gateway over HTTP', () => {
    const wrong: string[] = []
    for (const [file, text] of source) {
      for (const target of importsOf(file)) {
        if (file.startsWith('gateway/') && target.startsWith('dashboard/')) wrong.push(`${file} imports ${target}`)
        if (!file.startsWith('dashboard/') || target.startsWith('dashboard/')) continue
        const typeOnly = [...text.matchAll(/^import (type )?[^'\n]*'([^']+)'/gm)].every(([, type, from]) => type !== undefined || !from!.includes('gateway/'))
        if (roomOf(target) !== 'kernel' || !typeOnly) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('lets the flows meet the gateway over MQTT and HTTP only, and nobody reach into their process', () => {
    const ours = /^(?:gateway|devices-sim|dashboard|bench|faults|test)\//
    const wrong: string[] = []
    for (const file of source.keys()) {
      for (const target of importsOf(file)) {
        if (file.startsWith('flows/') && ours.test(target)) wrong.push(`${file} imports ${target}`)
        if (target.startsWith('flows/') && !file.startsWith('flows/') && !file.startsWith('test/')) wrong.push(`${file} imports ${target}`)
        if (file.startsWith('flows/nodes/') && target.startsWith('flows/') && !target.startsWith('flows/nodes/')) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('has for each of the flows’ nodes a form and the one line that packaging knows how to turn', async () => {
    const shims = await Array.fromAsync(glob('flows/nodes/*.cjs', { cwd: root }))
    const { 'node-red': { nodes } } = JSON.parse(readFileSync(join(root, 'flows/nodes/package.json'), 'utf8')) as { 'node-red': { nodes: Record<string, string> } }
    expect(shims.map((file) => file.slice('flows/nodes/'.length)).sort()).toEqual(Object.values(nodes).sort())
    for (const file of shims) {
      const name = /([^/]+)\.cjs$/.exec(file)![1]!
      expect(readFileSync(join(root, file), 'utf8').trim()).toBe(`module.exports = require('./${name}.ts').register`)
      expect(readFileSync(join(root, file.replace(/cjs$/, 'html')), 'utf8')).toContain(`RED.nodes.registerType('limen ${name.replace('-', ' ')}'`)
    }
  })

  it('has no circular imports, types included', () => {
    const done = new Set<string>()
    const path: string[] = []
    const circles: string[] = []
    const visit = (file: string): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      if (done.has(file) || path.includes(file) || !source.has(file)) return
      path.push(file)
      for (const target of importsOf(file)) visit(target)
      path.pop()
      done.add(file)
    }
    for (const file of source.keys()) visit(file)
    expect(circles).toEqual([])
  })

  it('keeps files short: none above 400 lines, gateway.ts within 250, half of them within 120', () => {
    const lengths = [...source].map(([file, text]) => ({ file, lines: text.split('\n').length - 1 }))
    expect(lengths.filter(({ lines }) => lines > 400)).toEqual([])
    expect(lengths.filter(({ file, lines }) => file === 'gateway/gateway.ts' && lines > 250)).toEqual([])
    const product = lengths.filter(({ file }) => file.startsWith('gateway/')).map(({ lines }) => lines).sort((a, b) => a - b)
    expect(product[Math.floor(product.length / 2)]).toBeLessThanOrEqual(120)
  })

  it('reads the clock, the environment and timers only where it may', () => {
    const wrong: string[] = []
    for (const [file, text] of source) {
      if (!file.startsWith('gateway/')) continue
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      if (/\bDate\.now\(|new Date\(\)/.test(code) && file !== 'gateway/kernel/clock.ts') wrong.push(`${file}: reads the wall clock; take a Clock`)
      if (/\bprocess\.env\b/.test(code) && roomOf(file) !== 'config' && roomOf(file) !== 'cli' && file !== 'gateway/main.ts') wrong.push(`${file}: reads the environment; that is config's`)
    }
    expect(wrong).toEqual([])
  })

  it('makes no regular expression of what is given: patterns of people have matchers of their own, which cannot backtrack', () => {
    // Both of texts of ours: patterns of the API's own schemas, addresses of its own routes.
    const ours = ['gateway/web/check.ts', 'gateway/web/errors.ts']
    const wrong = [...source].filter(([file, text]) => file.startsWith('gateway/') && !ours.includes(file) && /\bRegExp\(/.test(text)).map(([file]) => file)
    expect(wrong).toEqual([])
  })

  it('has default exports, enums and barrels nowhere', () => {
    const wrong = [...source].filter(([file, text]) => file.startsWith('gateway/') && (/^export default|^export \* from|^(?:export )?(?:const )?enum /m.test(text) || file.endsWith('/index.ts'))).map(([file]) => file)
    expect(wrong).toEqual([])
  })
})
