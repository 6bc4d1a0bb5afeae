/**
 * As much of YAML as the form can show: words, and maps of them, within one member of a rule. What else YAML can do
 * is refused in words and stays for the text view: the gateway reads the whole of it.
 */
export type Tree = string | { readonly [key: string]: Tree }

/** Why a text is not one the form can show. */
export class NotForForm extends Error {
  override readonly name = 'NotForForm'
}

interface Written { readonly value: Tree; /** From the `#` on, as written. */ readonly comment: string }

/** What stands after a key, on one line. */
export function readInline(text: string): Written {
  let at = 0
  const blank = (): void => {
    while (text[at] === ' ') at++
  }

  function taken(pattern: RegExp): string | undefined {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    at += found?.length ?? 0
    return found
  }

  function scalar(inMap: boolean): string {
    const double = taken(/"(?:[^"\\]|\\.)*"/y)
    if (double !== undefined) {
      try {
        return JSON.parse(double) as string
      } catch {
        throw new NotForForm(`${double} is written in a way the form does not know`)
      }
    }
    const single = taken(/'(?:[^']|'')*'/y)
    if (single !== undefined) return single.slice(1, -1).replaceAll("''", "'")
    const sign = text[at]
    if (sign !== undefined && '&*!|>[]%@`"\'{},'.includes(sign)) throw new NotForForm(`the form does not know “${sign}” where a word stands`)
    // A colon within a word and a # within one are of the word.
    return (taken(inMap ? /(?:[^\s,{}[\]:#]|:(?![\s,{}[\]]|$)|(?<=\S)#| +(?=[^\s,{}[\]:#]))*/y : /(?:[^\s:#]|:(?!\s|$)|(?<=\S)#| +(?=[^\s#]))*/y) ?? '').trimEnd()
  }

  function map(): Tree {
    const members: Record<string, Tree> = {}
    for (at++, blank(); text[at] !== '}'; blank()) {
      const key = scalar(true)
      blank()
      if (key === '' || text[at] !== ':') throw new NotForForm('a map the form does not know how to read')
      at++
      blank()
      if (Object.hasOwn(members, key)) throw new NotForForm(`“${key}” stands twice`)
      put(members, key, text[at] === '{' ? map() : scalar(true))
      blank()
      if (text[at] === ',') at++
      else if (text[at] !== '}') throw new NotForForm('a map the form does not know how to read')
    }
    at++
    return members
  }

  blank()
  const value = text[at] === '#' ? '' : text[at] === '{' ? map() : scalar(false)
  const rest = text.slice(at)
  if (!/^\s*(?:$|(?:^|\s+)#)/.test(rest)) throw new NotForForm(`the form does not know what “${rest.trim().slice(0, 40)}” is there for`)
  return { value, comment: rest.trim() }
}

const line = /^( *)(?:(["'])(.+?)\2|([^\s"'#:{}[\],&*!|>%@`-][^\s:]*)) *:(?: (.*)|)$/s

/** A line `key: rest`; undefined: it is none. */
export function readKey(text: string): { readonly indent: number; readonly key: string; readonly rest: string } | undefined {
  const [, indent = '', , quoted, plain, rest = ''] = line.exec(text) ?? []
  const key = quoted ?? plain
  return key === undefined ? undefined : { indent: indent.length, key, rest }
}

/** A map over several lines, each more indented than what it belongs to. */
export function readBlock(lines: readonly string[]): Tree {
  const members: Record<string, Tree> = {}
  const indent = readKey(lines[0]!)?.indent
  for (let index = 0; index < lines.length; ) {
    const found = readKey(lines[index]!)
    if (found === undefined || found.indent !== indent) throw new NotForForm(`the form does not know how to read “${lines[index]!.trim().slice(0, 40)}”`)
    if (Object.hasOwn(members, found.key)) throw new NotForForm(`“${found.key}” stands twice`)
    let end = index + 1
    while (end < lines.length && !(readKey(lines[end]!)?.indent === indent)) end++
    put(members, found.key, readValue(found.rest, lines.slice(index + 1, end), true).value)
    index = end
  }
  return members
}

/** What stands after a key and on the lines below it. Within a block a comment would be lost when the block is written anew. */
export function readValue(rest: string, below: readonly string[], inBlock = false): Written {
  if (below.some((text) => /^\s*#|\s#/.test(text)) || (inBlock && /(?:^|\s)#/.test(rest))) throw new NotForForm('there are comments which the form would lose')
  if (below.length === 0) return readInline(rest)
  const head = readInline(rest.startsWith('{') ? [rest, ...below.map((text) => text.trim())].join(' ') : rest)
  if (rest.startsWith('{')) return head
  if (head.value !== '') throw new NotForForm('a text over several lines')
  return { value: readBlock(below), comment: head.comment }
}

/** A key of a file that is called like a member of every object is still a key. */
function put(members: Record<string, Tree>, key: string, value: Tree): void {
  Object.defineProperty(members, key, { value, enumerable: true, writable: true, configurable: true })
}

const safe = /^[\p{L}\p{N}_.][\p{L}\p{N}_./%+°-]*(?: [\p{L}\p{N}_./%+°-]+)*$|^-?\d[\w.+-]*$/u
/** Read as another thing than a text where they stand bare. */
const notText = /^(?:true|false|null|yes|no|on|off|y|n|[-+.]?\d.*|\.(?:inf|nan))$/i

/** On one line. `isText`: what looks like a number or a truth is one of its words all the same. */
export function writeInline(value: Tree, isText: (path: string) => boolean, path = ''): string {
  if (typeof value === 'string') return safe.test(value) && !(isText(path) && notText.test(value)) ? value : JSON.stringify(value)
  const members = Object.entries(value).map(([key, member]) => `${safe.test(key) ? key : JSON.stringify(key)}: ${writeInline(member, isText, path === '' ? key : `${path}.${key}`)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
