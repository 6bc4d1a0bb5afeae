import { duration } from '../../kernel/quantity-shape.ts'
import type { KindSchema, TableBook } from '../../kernel/rule-kind.ts'
import type { ScoreTable } from '../../kernel/score-table.ts'
import type { Invalid, RefineContext } from '../../kernel/shape.ts'
import { clip, invalid, object, optional, record, refine, required, text } from '../../kernel/shape.ts'
import { suggestion } from '../../kernel/suggest.ts'
import { createTableBook } from '../load-tables.ts'
import { wrongMetric } from '../score-table-shape.ts'
import { within } from '../within.ts'
import { parseWith } from './parse-with.ts'

export interface ScoreSpec {
  /** Older inputs do not count. */
  readonly maxAgeMs: number
  /** Whole, with the metrics of this rule: another content is another condition. */
  readonly table: ScoreTable
}

const fields = object(
  {
    table: required(text({ expected: 'the id of a score table', example: 'news2' })),
    maxAge: optional(duration({ min: '1ms', example: '15min' })),
    metrics: optional(record(text({ expected: 'a metric', example: 'hr' }), { expected: 'metrics by the names of the table', example: '{ heart_rate: hr }' }), new Map<string, string>()),
  },
  { expected: 'a score', example: '{ table: news2, maxAge: 15min }' },
)

/** `score: { table: news2, maxAge: 15min, metrics: { heart_rate: hr } }` */
export const scoreSchema: KindSchema<ScoreSpec> = {
  name: 'score',
  shortForms: [],
  example: 'score: { table: news2, maxAge: 15min }',
  parse(node, { path, tables = createTableBook() }) {
    const shape = refine(fields, (value, at): ScoreSpec | Invalid => {
      const table = findTable(value.table, tables, at)
      if (table === undefined) return invalid
      const named = renamed(table, value.metrics, at)
      return named === invalid ? invalid : { maxAgeMs: value.maxAge ?? table.maxAgeMs, table: named }
    })
    return parseWith(shape, node, path)
  },
  levels: ({ table }) => table.bands.slice(1).map(({ level }) => level),
  priorities: ({ table }) => Object.fromEntries(table.bands.slice(1).map(({ level, priority }) => [level, priority])),
  allowsFor: true,
  needsOneOf: [],
  defaultMessage: 'score {value} on {device}',
  defaultMessageOf: ({ table }) => `${table.name} {value} on {device}`,
  // Where it is about every device, those that have nothing to do with it are no mistake.
  compares: ({ table }, on) => (Object.keys(on).length === 0 ? [] : table.parameters.flatMap(({ metric, unit }) => (unit === undefined ? [] : [{ on: { ...on, metric }, unit }]))),
  onOptional: true,
  namesMetrics: true,
}

/** Undefined without a problem where the table is faulty: that is said where it stands. */
function findTable(id: string, tables: TableBook, at: RefineContext): ScoreTable | undefined {
  const table = tables.find(id)
  if (table === undefined && !tables.has(id)) at.refuse(`there is no score table "${clip(id)}"`, `${suggestion(id, tables.ids)}${tables.ids.length > 1 ? '' : '; a table of your own stands under tables: in a rule file'}`, 'table')
  return table
}

function renamed(table: ScoreTable, metrics: ReadonlyMap<string, string>, at: RefineContext): ScoreTable | Invalid {
  // The table itself, so that a thousand rules share one.
  if (metrics.size === 0) return table
  const names = table.parameters.map(({ name }) => name)
  for (const [name, metric] of metrics) {
    const { refuse } = within(at, 'metrics', name)
    if (!names.includes(name)) return refuse(`the table ${table.id} has no parameter "${clip(name)}"`, suggestion(name, names))
    const wrong = wrongMetric(metric)
    if (wrong !== undefined) return refuse(`"${clip(metric)}" is no metric`, wrong)
  }
  const parameters = table.parameters.map((parameter) => ({ ...parameter, metric: metrics.get(parameter.name) ?? parameter.metric }))
  const twice = parameters.find(({ metric }, index) => parameters.findIndex((other) => other.metric === metric) < index)
  if (twice !== undefined) return at.refuse(`the metric "${clip(twice.metric)}" stands for two parameters`, 'give each a metric of its own', 'metrics')
  return { ...table, parameters }
}
