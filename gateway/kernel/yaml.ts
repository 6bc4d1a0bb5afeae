import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml'
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, Parser, visit } from 'yaml'
import type { DocumentNode, MapEntry, Place } from './document.ts'
import type { Problem } from './problem.ts'
import type { Range } from './yaml-slice.ts'
import { rangeOf, sliceOf } from './yaml-slice.ts'

/** Bounds against files that are no configuration: bytes of a text, levels of nesting, values that aliases may add, errors reported. */
export const yamlLimits = { sizeBytes: 4 * 1024 * 1024, depth: 64, aliasedNodes: 10_000, errors: 20 } as const

export interface ParsedText {
  /** One per YAML document; none where the text could not be read. An empty text is one document with a null. */
  readonly documents: readonly DocumentNode[]
  readonly problems: readonly Problem[]
  /** How a mapping is written, comments included, so that it stands alone; undefined where it cannot, since an alias leads out of it. */
  readonly textOf: (node: DocumentNode) => string | undefined
}

/** Reads bytes or text as YAML 1.2 (JSON too), every value with its place. Gives values or problems with positions; never throws. */
export function parseYaml(content: string | Uint8Array, file: string): ParsedText {
  const decoded = typeof content === 'string' ? { text: content, problem: undefined } : decode(content, file)
  if (decoded.problem !== undefined) return { documents: [], problems: [decoded.problem], textOf: () => undefined }
  const reader = createReader(decoded.text, file)
  const documents = compose(reader)
  const written = createWritten(decoded.text)
  const nodes = reader.problems.length > 0 ? [] : documents.map((document) => convert(document, { reader, written }))
  return { documents: reader.problems.length > 0 ? [] : nodes, problems: reader.problems.slice(0, yamlLimits.errors), textOf: written.textOf }
}

/** Remembers where mappings and aliases stand; of the library's tree nothing is kept. */
interface Written {
  mapping(node: DocumentNode, source: Node): void
  alias(offset: number, target: Node): void
  readonly textOf: (node: DocumentNode) => string | undefined
}

function createWritten(text: string): Written {
  const ranges = new Map<DocumentNode, Range>()
  const aliases: { readonly offset: number; readonly target: number }[] = []
  return {
    mapping: (node, source) => void ranges.set(node, rangeOf(source, text)),
    alias: (offset, target) => void aliases.push({ offset, target: target.range?.[0] ?? 0 }),
    textOf(node) {
      const range = ranges.get(node)
      if (range === undefined) return undefined
      const within = (offset: number): boolean => offset >= range.start && offset < range.end
      return aliases.some(({ offset, target }) => within(offset) && !within(target)) ? undefined : sliceOf(text, range)
    },
  }
}

interface Reader {
  readonly text: string
  readonly problems: Problem[]
  place(offset: number): Place
  report(offset: number, message: string, remedy: string): void
}

function createReader(text: string, file: string): Reader {
  const lineStarts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  const problems: Problem[] = []
  const place = (offset: number): Place => {
    const within = Math.min(Math.max(offset, 0), text.length)
    let low = 0
    let high = lineStarts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (lineStarts[middle]! <= within) low = middle
      else high = middle
    }
    return { file, line: low + 1, column: within - lineStarts[low]! + 1 }
  }
  return { text, problems, place, report: (offset, message, remedy) => void problems.push({ ...place(offset), path: '', message, remedy }) }
}

function decode(bytes: Uint8Array, file: string): { text: string; problem: Problem | undefined } {
  const whole = { file, line: 1, column: 1, path: '' }
  if (bytes.length > yamlLimits.sizeBytes) {
    return { text: '', problem: { ...whole, message: `the file has ${bytes.length} bytes, more than ${yamlLimits.sizeBytes / 1024 ** 2} MiB`, remedy: 'split it' } }
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), problem: undefined }
  } catch {
    const lenient = new TextDecoder('utf-8').decode(bytes)
    const place = createReader(lenient, file).place(lenient.indexOf('\uFFFD'))
    return { text: '', problem: { ...place, path: '', message: 'this is not UTF-8', remedy: 'save the file as UTF-8' } }
  }
}

/**
 * The library's composer calls itself for every level, and V8 aborts the process when a regular expression is compiled
 * at the end of the stack; so the depth is bounded while the (flat) parser runs, before anything is composed.
 */
function compose(reader: Reader): Document.Parsed[] {
  const parser = new Parser()
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, stringKeys: true, prettyErrors: false, logLevel: 'silent' })
  const documents: Document.Parsed[] = []
  const lexer = new Lexer()
  try {
    for (const lexeme of lexer.lex(reader.text)) {
      for (const token of parser.next(lexeme)) documents.push(...composer.next(token))
      if (parser.stack.length > yamlLimits.depth * 2) {
        reader.report(parser.offset, `nested deeper than ${yamlLimits.depth} levels`, 'write it flatter')
        return []
      }
    }
    for (const token of parser.end()) documents.push(...composer.next(token))
    documents.push(...composer.end(true, reader.text.length))
  } catch (thrown) {
    reader.report(0, `cannot be read as YAML (${thrown instanceof Error ? thrown.name : 'error'})`, 'check its indentation and quotes')
    return []
  }
  for (const document of documents) for (const error of [...document.errors, ...document.warnings]) reportSyntax(error, { document, reader })
  return documents
}

/** The library's own words where they hold nothing of the file's content (which may be a secret), and what would be right. */
function reportSyntax(error: YAMLError, { document, reader }: { document: Document.Parsed; reader: Reader }): void {
  if (/closing ["']quote/.test(error.message)) {
    return reader.report(openQuote(document, error.pos[0]), 'a quote that is opened here and never closed', 'close it, or begin and end the text with the same quote')
  }
  const words = error.message.split('\n')[0]!.split(/: ?["`']?/)[0]!
  const [message, remedy] = explain(error.code, words.charAt(0).toLowerCase() + words.slice(1))
  reader.report(error.pos[0], message, remedy)
}

/** The library points at the end of the text; the last quoted text before it is the one. */
function openQuote(document: Document.Parsed, end: number): number {
  let start = end
  visit(document, {
    Scalar(_, { type, range }) {
      if ((type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') && range !== undefined && range !== null && range[0] <= end) start = range[0]
    },
  })
  return start
}

function explain(code: YAMLError['code'], words: string): readonly [message: string, remedy: string] {
  switch (code) {
    case 'TAB_AS_INDENT': return ['a tab is used as indentation', 'indent with spaces']
    case 'BAD_INDENT': return ['the indentation does not fit the lines above', 'put all keys of one level at the same column']
    case 'BAD_ALIAS': return [words, 'put a text that begins with * or & in quotes']
    case 'BAD_SCALAR_START': return ['a plain text cannot begin with this character', 'put the text in quotes']
    case 'BAD_DQ_ESCAPE': return ['an escape that YAML does not know, in a text in double quotes', "write \\\\ for a backslash, or use 'single quotes'"]
    case 'BLOCK_AS_IMPLICIT_KEY': return ['a second "key:" on one line', 'put it on a line of its own, or the text in quotes']
    case 'TAG_RESOLVE_FAILED': return ['a tag (!name) that is not known here', 'put a text that begins with ! in quotes']
    case 'NON_STRING_KEY': return ['a key that is not a text', 'write a text before the colon; a text that begins with { or [ goes in quotes']
    case 'MULTILINE_IMPLICIT_KEY': return ['this line has no "key: value"', 'write a colon and a space after the key']
    case 'MISSING_CHAR': return words.includes('followed by map values') ? ['this line has no "key: value"', 'write a colon and a space after the key'] : [words, 'close every quote and bracket, and put a comma between items in brackets']
    case 'KEY_OVER_1024_CHARS': return ['a key of more than 1024 characters', 'write a colon and a space after the key, or the text in quotes']
    case 'RESOURCE_EXHAUSTION': return ['nested too deeply', 'write it flatter']
    default: return [words, 'check indentation, quotes and brackets of this line and the one above']
  }
}

/** The library's tree as ours: aliases resolved within a bound, keys unique. */
function convert(document: Document.Parsed, { reader, written }: { reader: Reader; written: Written }): DocumentNode {
  let aliased = 0
  // The library's own look-up walks the whole document for every alias; nodes are visited here in the order of the text.
  const anchors = new Map<string, Node>()
  const empty = (offset: number): DocumentNode => ({ kind: 'scalar', place: reader.place(offset), value: null, text: '', quoted: false })
  const root = document.contents as Node | null
  return root === null ? empty(document.range[0]) : node(root, 0, false)

  function node(source: Node, depth: number, inAlias: boolean): DocumentNode {
    const offset = source.range?.[0] ?? 0
    if (inAlias && ++aliased > yamlLimits.aliasedNodes) {
      if (aliased === yamlLimits.aliasedNodes + 1) reader.report(offset, `aliases repeat more than ${yamlLimits.aliasedNodes} values`, 'write fewer aliases (*name)')
      return empty(offset)
    }
    if (depth > yamlLimits.depth) {
      reader.report(offset, `nested deeper than ${yamlLimits.depth} levels`, 'write it flatter')
      return empty(offset)
    }
    if (isAlias(source)) return resolve(source, depth, offset)
    if (!inAlias && 'anchor' in source && source.anchor !== undefined) anchors.set(source.anchor, source)
    if (isScalar(source)) return scalar(source, offset)
    if (isSeq(source)) {
      const items = (source as YAMLSeq<Node>).items.map((item) => node(item, depth + 1, inAlias))
      return { kind: 'list', place: reader.place(offset), items }
    }
    if (!isMap(source)) return empty(offset)
    const map: DocumentNode = { kind: 'map', place: reader.place(offset), entries: entries(source, depth, inAlias) }
    // Deeper ones are parts of something, and nobody asks how they are written.
    if (depth <= 2) written.mapping(map, source)
    return map
  }

  function resolve(alias: Alias, depth: number, offset: number): DocumentNode {
    const target = anchors.get(alias.source)
    if (target?.range && target.range[0] <= offset && offset < target.range[1]) {
      reader.report(offset, `*${alias.source} is a circle: it stands inside of what it names`, `write out what is meant, or put &${alias.source} somewhere else`)
      return empty(offset)
    }
    if (target !== undefined) {
      written.alias(offset, target)
      return node(target, depth + 1, true)
    }
    reader.report(offset, 'an alias (*name) without its anchor (&name) above', 'put a text that begins with * in quotes')
    return empty(offset)
  }

  function scalar(source: Scalar, offset: number): DocumentNode {
    const { value } = source
    const quoted = source.type !== 'PLAIN' && source.type !== undefined
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
    return { kind: 'scalar', place: reader.place(offset), value: plain, text: quoted ? String(value) : (source.source ?? ''), quoted }
  }

  function entries(map: YAMLMap, depth: number, inAlias: boolean): MapEntry[] {
    const firstLines = new Map<string, number>()
    const result: MapEntry[] = []
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const offset = pair.key?.range?.[0] ?? map.range?.[0] ?? 0
      const key = isScalar(pair.key) && typeof pair.key.value === 'string' ? pair.key.value : ''
      const first = firstLines.get(key)
      const place = reader.place(offset)
      if (first !== undefined) {
        reader.report(offset, `the key "${key}" stands twice, first in line ${first}`, 'keep one of them')
        continue
      }
      firstLines.set(key, place.line)
      result.push({ key, place, value: pair.value === null ? empty(pair.key?.range?.[2] ?? offset) : node(pair.value, depth + 1, inAlias) })
    }
    return result
  }
}
