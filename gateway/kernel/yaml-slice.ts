import type { Node, Pair } from 'yaml'
import { isCollection, isPair, isScalar } from 'yaml'

/** Where a value stands in its text: offsets, the end exclusive. */
export interface Range { readonly start: number; readonly end: number; readonly keepsEnd: boolean }

/**
 * A value with the comment behind it, without comments on lines of their own below: those speak of what follows.
 * `keepsEnd`: it ends with a text in block form (`|`, `>`), whose last lines are part of it.
 */
export function rangeOf(node: Node, text: string): Range {
  const start = node.range?.[0] ?? 0
  const last = lastLeaf(node)
  const end = last.range?.[1] ?? start
  if (isScalar(last) && (last.type === 'BLOCK_LITERAL' || last.type === 'BLOCK_FOLDED')) return { start, end, keepsEnd: true }
  const comment = /^[ \t]+#[^\n]*/.exec(text.slice(end, end + longestComment))
  return { start, end: end + (comment?.[0].length ?? 0), keepsEnd: false }
}

const longestComment = 1_024

/** What its text ends with. Brackets close themselves. */
function lastLeaf(node: Node): Node {
  if (!isCollection(node) || node.flow === true) return node
  const last = node.items.at(-1)
  if (!isPair(last)) return last === undefined ? node : lastLeaf(last as Node)
  const { key, value } = last as Pair<Node, Node | null>
  return value?.range === undefined || value.range === null ? key : lastLeaf(value)
}

/** The text of a range, moved to the left so that it stands alone; undefined where it cannot. Lines end with \n, the last one too. */
export function sliceOf(text: string, { start, end, keepsEnd }: Range): string | undefined {
  const column = start - (text.lastIndexOf('\n', start - 1) + 1)
  const [first = '', ...rest] = text.slice(start, end).replaceAll('\r\n', '\n').split('\n')
  const moved = rest.map((line) => line.slice(Math.min(column, line.length - line.trimStart().length)))
  // Inside brackets or quotes a line may look like the end of a document once it stands at the left.
  if (moved.some((line) => /^(?:---|\.\.\.)(?:\s|$)/.test(line))) return undefined
  const whole = [first, ...moved].join('\n')
  return keepsEnd ? whole.replace(/\n?$/, '\n') : `${whole.trimEnd()}\n`
}
