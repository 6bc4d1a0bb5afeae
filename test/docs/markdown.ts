import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Block {
  /** Path from the root: `docs/analyst.md`. */
  readonly file: string
  /** Of the opening fence. */
  readonly line: number
  readonly language: string
  /** What stands behind the language: the name of the file that the block is; empty where it has none. */
  readonly name: string
  /** The nearest heading above. */
  readonly heading: string
  readonly text: string
}

export interface Page {
  readonly file: string
  readonly blocks: readonly Block[]
  readonly text: string
}

/** One command as a reader would type it. */
export interface CommandLine {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** README, CONTRIBUTING and the pages of docs/; decisions are no instructions. */
export async function readPages(): Promise<readonly Page[]> {
  const guides = await Array.fromAsync(glob(['docs/*.md', 'docs/rules/*.md'], { cwd: root }))
  return ['README.md', 'CONTRIBUTING.md', ...guides.sort()].map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return { file, text, blocks: blocksOf(file, text) }
  })
}

export function blocksOf(file: string, text: string): readonly Block[] {
  const blocks: Block[] = []
  let heading = ''
  let open: { fence: string; line: number; language: string; name: string; lines: string[] } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^( {0,3})(`{3,}|~{3,})\s*(\S*)\s*(.*)$/.exec(line)
    if (open === undefined) {
      if (fence !== null) open = { fence: fence[2]!, line: index + 1, language: fence[3]!, name: fence[4]!.trim(), lines: [] }
      else if (/^#{1,6} /.test(line)) heading = line.replace(/^#+ /, '').trim()
    } else if (fence !== null && fence[2]!.startsWith(open.fence) && fence[3] === '') {
      const { fence: _, lines, ...rest } = open
      blocks.push({ file, heading, ...rest, text: `${lines.join('\n')}\n` })
      open = undefined
    } else open.lines.push(line)
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: a block that is not closed`)
  return blocks
}

/** Commands of a shell block: comments taken away, lines that end in a backslash joined, `a && b` parted. */
export function commandsOf(block: Block): readonly CommandLine[] {
  const commands: CommandLine[] = []
  let begun: { line: number; text: string } | undefined
  for (const [index, written] of block.text.replace(/\n$/, '').split('\n').entries()) {
    const line = begun?.line ?? block.line + 1 + index
    const text = `${begun?.text ?? ''}${withoutComment(written)}`
    if (text.endsWith('\\')) {
      begun = { line, text: `${text.slice(0, -1).trimEnd()} ` }
      continue
    }
    begun = undefined
    for (const part of partsOf(text)) if (part !== '') commands.push({ file: block.file, line, text: part })
  }
  return commands
}

/** Commands in the middle of a sentence or a table: `limen check`. With … or words that stand for others they are only spoken of. */
export function mentionsOf({ file, text }: Page): readonly CommandLine[] {
  const mentions: CommandLine[] = []
  let fenced = false
  for (const [index, line] of text.split('\n').entries()) {
    if (/^ {0,3}(?:```|~~~)/.test(line)) fenced = !fenced
    if (fenced) continue
    for (const [, code] of line.matchAll(/`([^`]+)`/g)) {
      if (/^(?!limen ready )(?:limen|npm|node|curl|docker|influx|sudo|sh|mosquitto_\w+) [^…]+$/.test(code!) && !/not in this version/.test(line)) mentions.push({ file, line: index + 1, text: code! })
    }
  }
  return mentions
}

function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const c = line[at]!
    if (quote !== '') quote = c === quote ? '' : quote
    else if (c === '"' || c === "'") quote = c
    else if (c === '#' && (at === 0 || line[at - 1] === ' ')) return line.slice(0, at).trim()
  }
  return line.trim()
}

function partsOf(line: string): string[] {
  const parts = ['']
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const c = line[at]!
    if (quote !== '') quote = c === quote ? '' : quote
    else if (c === '"' || c === "'") quote = c
    else if (c === '&' && line[at + 1] === '&') {
      parts.push('')
      at++
      continue
    }
    parts[parts.length - 1] += c
  }
  return parts.map((part) => part.trim())
}
