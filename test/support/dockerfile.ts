import { readFileSync } from 'node:fs'
import { join, matchesGlob, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

export interface Step { readonly word: string; readonly text: string }
export interface Stage { readonly name: string; readonly image: string; readonly steps: readonly Step[] }
export interface Dockerfile {
  readonly stages: readonly Stage[]
  /** Of the last stage. */
  readonly env: Record<string, string>
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly healthcheck: readonly string[]
}

/** As much of a Dockerfile's grammar as ours uses: comments, lines continued with a backslash, JSON forms of commands. */
export function readDockerfile(path = join(root, 'Dockerfile')): Dockerfile {
  const lines = readFileSync(path, 'utf8').split('\n').filter((line) => !/^\s*#/.test(line)).join('\n').replace(/\\\n\s*/g, ' ').split('\n')
  const stages: { name: string; image: string; steps: Step[] }[] = []
  for (const line of lines) {
    const match = /^([A-Z]+)\s+(.+)$/.exec(line.trim())
    if (match === null) continue
    const [, word, text] = match as unknown as [string, string, string]
    const from = /^(?:--platform=\S+ )?(\S+)(?: AS (\S+))?$/.exec(text)
    if (word === 'FROM') stages.push({ image: from![1]!, name: from![2] ?? '', steps: [] })
    else stages.at(-1)!.steps.push({ word, text })
  }
  const last = stages.at(-1)!.steps
  const textOf = (word: string): string => last.findLast((step) => step.word === word)!.text
  return {
    stages,
    env: Object.fromEntries([...last.filter((step) => step.word === 'ENV').map(({ text }) => text).join(' ').matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!])),
    entrypoint: JSON.parse(textOf('ENTRYPOINT')) as string[],
    cmd: JSON.parse(textOf('CMD')) as string[],
    healthcheck: JSON.parse(textOf('HEALTHCHECK').replace(/^.*? CMD /, '')) as string[],
  }
}

/** What of the checkout reaches the build, after .dockerignore: the last rule that fits decides. */
export function reachesBuild(path: string): boolean {
  const rules = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  let kept = true
  for (const rule of rules) {
    const pattern = rule.replace(/^!/, '')
    const fits = (part: string): boolean => (pattern === '*' ? !part.includes('/') : matchesGlob(part, pattern))
    const parts = path.split('/')
    if (parts.some((_, index) => fits(parts.slice(0, index + 1).join('/')))) kept = rule.startsWith('!')
  }
  return kept
}
