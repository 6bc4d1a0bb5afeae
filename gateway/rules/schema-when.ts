import type { MapNode } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import type { KindSchema, KindTable, TableBook } from '../kernel/rule-kind.ts'
import type { Shape } from '../kernel/shape.ts'
import { clip, invalid, join, problemAt, wrongForm } from '../kernel/shape.ts'
import { suggestion } from '../kernel/suggest.ts'
import type { Zones } from '../kernel/zone.ts'

export interface Condition { readonly kind: KindSchema; readonly spec: unknown }

/** `when: { level: { … } }`, or a short form: `when: { above: 130, hysteresis: 2 }`. */
export function whenShape(kinds: KindTable, { tables, zones }: { readonly tables?: TableBook | undefined; readonly zones?: Zones | undefined }): Shape<Condition> {
  const all = Object.values(kinds)
  const example = `{ ${all[0]?.example ?? ''} }`
  const names = all.flatMap((kind) => [kind.name, ...kind.shortForms])
  return {
    expected: 'a condition',
    example,
    read(node, path, problems) {
      if (node.kind !== 'map') return wrongForm(node, { path, expected: 'a condition', example }, problems)
      const named = node.entries.filter((entry) => Object.hasOwn(kinds, entry.key))
      const short = all.filter((kind) => kind.shortForms.some((form) => node.entries.some((entry) => entry.key === form)))
      const first = named[0]
      if (named.length + short.length > 1) {
        problems.push(problemAt({ place: node.place, path }, 'more than one condition', 'make a rule of each'))
        return invalid
      }
      if (first !== undefined) {
        const kind = kinds[first.key]!
        const others = node.entries.filter((entry) => entry !== first)
        const mayStand = ({ key }: MapNode['entries'][number]): boolean => kind.siblings?.includes(key) === true
        for (const entry of others) if (!mayStand(entry)) problems.push(strayKey(entry, { path, kind }))
        const beside: MapNode = { kind: 'map', place: node.place, entries: others.filter(mayStand) }
        return taken(kind, kind.parse(first.value, { path: join(path, first.key), short: false, tables, beside, zones }), problems)
      }
      if (short[0] !== undefined) return taken(short[0], short[0].parse(node, { path, short: true, tables }), problems)
      const entry = node.entries[0]
      if (entry === undefined) problems.push(problemAt({ place: node.place, path }, 'a condition that says nothing', `write e.g. when: ${example}`))
      else problems.push(problemAt({ place: entry.place, path: join(path, entry.key) }, `unknown kind "${clip(entry.key)}"`, suggestion(entry.key, names)))
      return invalid
    },
  }
}

function taken(kind: KindSchema, parsed: ReturnType<KindSchema['parse']>, problems: Problem[]): Condition | typeof invalid {
  if (parsed.ok) return { kind, spec: parsed.spec }
  problems.push(...parsed.problems)
  return invalid
}

/** `hysteresis` beside `level` instead of in it. */
function strayKey(entry: MapNode['entries'][number], { path, kind }: { path: string; kind: KindSchema }): Problem {
  const remedy = kind.siblings === undefined ? `write it inside: ${kind.name}: { …, ${clip(entry.key)}: … }, or leave it out` : suggestion(entry.key, kind.siblings)
  return problemAt({ place: entry.place, path: join(path, entry.key) }, `"${clip(entry.key)}" does not belong beside ${kind.name}`, remedy)
}
