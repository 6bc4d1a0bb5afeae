import { readFileSync } from 'node:fs'
import type { DocumentNode, Place } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import { formatProblem } from '../kernel/problem.ts'
import type { TableBook } from '../kernel/rule-kind.ts'
import type { ScoreTable } from '../kernel/score-table.ts'
import { invalid, problemAt } from '../kernel/shape.ts'
import { parseYaml } from '../kernel/yaml.ts'
import { scoreTableShape } from './score-table-shape.ts'

/** Tables that come with Limen: tables/ID.yaml. */
const shipped: readonly string[] = ['news2']

/** A site's own tables, read before the rules that name them. */
export interface SiteTables {
  readonly tables: readonly ScoreTable[]
  /** All ids, those of faulty ones too. */
  readonly ids: ReadonlySet<string>
}

/** What stands under `tables:` in documents of rule files; adds everything that is wrong to `problems`. */
export function readTables(documents: readonly DocumentNode[], problems: Problem[]): SiteTables {
  const tables: ScoreTable[] = []
  const places = new Map<string, Place>()
  for (const document of documents) {
    const node = document.kind === 'map' ? document.entries.find(({ key }) => key === 'tables')?.value : undefined
    if (node === undefined || (node.kind === 'scalar' && node.value === null)) continue
    if (node.kind !== 'list') {
      problems.push(problemAt({ place: node.place, path: 'tables' }, 'expected a list of score tables', 'begin each table with a hyphen: - id: cold-room'))
      continue
    }
    for (const [index, item] of node.items.entries()) {
      const id = item.kind === 'map' ? item.entries.find(({ key }) => key === 'id')?.value : undefined
      const first = id?.kind === 'scalar' ? places.get(id.text) : undefined
      if (id?.kind === 'scalar' && first === undefined) places.set(id.text, id.place)
      if (first !== undefined) problems.push(problemAt({ place: id!.place, path: `tables[${index}].id` }, `the table at ${first.file}:${first.line} has this id`, 'give one of them another id'))
      const table = scoreTableShape.read(item, `tables[${index}]`, problems)
      if (table !== invalid && first === undefined) tables.push(table)
    }
  }
  return { tables, ids: new Set(places.keys()) }
}

/** A site's tables (the first of an id holds), then those that come with Limen, which are read when first asked for. */
export function createTableBook(...sites: readonly SiteTables[]): TableBook {
  const own = new Map<string, ScoreTable | undefined>()
  for (const { ids, tables } of sites) {
    for (const id of ids) if (!own.has(id)) own.set(id, tables.find((table) => table.id === id))
  }
  const ids = [...new Set([...own.keys(), ...shipped])]
  return {
    ids,
    has: (id) => ids.includes(id),
    find(id) {
      if (!own.has(id) && shipped.includes(id)) own.set(id, readShipped(id))
      return own.get(id)
    },
  }
}

function readShipped(id: string): ScoreTable {
  const file = `tables/${id}.yaml`
  const { documents, problems } = parseYaml(readFileSync(new URL(file, import.meta.url)), file)
  const found = [...problems]
  const table = documents[0] === undefined ? invalid : scoreTableShape.read(documents[0], '', found)
  if (table === invalid || found.length > 0) throw new Error(`a table that comes with Limen is damaged: ${found.map(formatProblem).join('\n')}`)
  return table
}
