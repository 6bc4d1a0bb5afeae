/** How a rule is written where nobody wrote it: it came as JSON, or its text leans on another part of its file. */
import { Document, isCollection, isMap, isPair } from 'yaml'
import type { DocumentNode, MapEntry } from '../kernel/document.ts'

/** As the documentation shows a rule. What is not here follows, in its own order. */
const order = ['id', 'on', 'when', 'for', 'clearFor', 'stale', 'while', 'priority', 'latch', 'realarm', 'escalate', 'ack', 'key', 'message', 'then', 'mode']
/** A longer value is written over several lines. */
const longestLine = 100

/** YAML of a rule that came as JSON. */
export function yamlOfValue(rule: Readonly<Record<string, unknown>>): string {
  const rank = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length)
  const sorted = Object.fromEntries(Object.entries(rule).sort(([a], [b]) => rank(a) - rank(b)))
  const document = new Document(sorted, { version: '1.2', schema: 'core', aliasDuplicateObjects: false })
  if (isMap(document.contents)) for (const pair of document.contents.items) if (isPair(pair)) fold(pair.value)
  return document.toString({ lineWidth: 0 })
}

/** What fits on a line is written on one: `on: { metric: spo2 }`. */
function fold(node: unknown): void {
  if (!isCollection(node)) return
  if (JSON.stringify(node).length <= longestLine) node.flow = true
  else for (const item of node.items) fold(isPair(item) ? item.value : item)
}

/** YAML of a rule that was read, value by value as it was written. */
export function yamlOfNode(node: DocumentNode): string {
  return node.kind === 'map' ? node.entries.map((entry) => `${entryText(entry)}\n`).join('') : `${valueText(node)}\n`
}

function entryText({ key, value }: MapEntry): string {
  return `${/^[A-Za-z][\w-]*$/.test(key) ? key : JSON.stringify(key)}: ${valueText(value)}`
}

function valueText(node: DocumentNode): string {
  if (node.kind === 'list') return `[${node.items.map(valueText).join(', ')}]`
  if (node.kind === 'map') return node.entries.length === 0 ? '{}' : `{ ${node.entries.map(entryText).join(', ')} }`
  // A number may be meant as a text: 007 stays as it is.
  if (typeof node.value === 'string') return JSON.stringify(node.value)
  return node.text === '' ? 'null' : node.text
}
