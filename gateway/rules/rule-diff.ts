import type { RuleRevision } from '../kernel/rule-desk.ts'

/**
 * Beyond so many lines that differ nobody reads on, and the search, whose steps are their square, would hold up readings (a second on
 * a small machine for a thousand): all is shown as replaced.
 */
const mostEdits = 300

type Said = Pick<RuleRevision, 'revision' | 'text' | 'by' | 'at'>

/** Unified diff of two revisions of a rule; empty where they say the same. The library is loaded when it is first needed. */
export async function diffOf(id: string, from: Said, to: Said): Promise<string> {
  if (from.text === to.text) return ''
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import('diff')
  const [name, other] = [from, to].map(({ revision }) => `${id} revision ${revision}`)
  const [of, ofOther] = [from, to].map(({ at, by }) => `${at} ${by}`.replace(/\p{C}+/gu, ' ').trim())
  return createTwoFilesPatch(name!, other!, from.text ?? '', to.text ?? '', of, ofOther, { context: 3, maxEditLength: mostEdits, headerOptions: FILE_HEADERS_ONLY })
    ?? `--- ${name}\t${of}\n+++ ${other}\t${ofOther}\n${replaced(from.text ?? '', to.text ?? '')}`
}

function replaced(from: string, to: string): string {
  const [old, now] = [from, to].map((text) => text.split('\n').slice(0, -1)) as [string[], string[]]
  return [`@@ -${Math.min(1, old.length)},${old.length} +${Math.min(1, now.length)},${now.length} @@`, ...old.map((line) => `-${line}`), ...now.map((line) => `+${line}`), ''].join('\n')
}
