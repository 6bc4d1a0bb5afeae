import type { Rule } from '../../../gateway/kernel/rule.ts'
import type { Span } from '../charts/draw.ts'
import { levelWord } from '../alarms/words.ts'

/** One line of a backtest. */
export interface TriedStep {
  readonly wallMs: number
  readonly rule: string
  readonly key: string
  readonly device: string | null
  readonly from: string
  readonly to: string
  readonly event: string
  readonly level: string | null
  readonly value: unknown
  readonly occurrence: number
  readonly reason?: string | null
}

/** From where to where an alarm would have stood. */
export interface Episode {
  readonly key: string
  readonly device: string | null
  readonly from: number
  /** Of one that has not ended: the end of what was looked at. */
  readonly to: number
  readonly ended: boolean
  /** All it went through, in order. */
  readonly levels: readonly (string | null)[]
}

const begins = new Set(['raised', 'reraised'])
const ends = new Set(['returned', 'cleared', 'latched', 'retired'])

/** In the order in which they began; steps come in the order of time. */
export function episodesOf(steps: readonly TriedStep[], toMs: number): readonly Episode[] {
  const found: Episode[] = []
  const open = new Map<string, number>()
  for (const { rule, key, device, event, level, wallMs } of steps) {
    const id = `${rule}\n${key}`
    const index = open.get(id)
    if (begins.has(event) && index === undefined) {
      open.set(id, found.length)
      found.push({ key, device, from: wallMs, to: toMs, ended: false, levels: [level] })
    } else if (index !== undefined && event === 'level-changed') found[index] = { ...found[index]!, levels: [...found[index]!.levels, level] }
    else if (index !== undefined && ends.has(event)) {
      found[index] = { ...found[index]!, to: wallMs, ended: true }
      open.delete(id)
    }
  }
  return found
}

/** What is drawn of them: the priority is the highest of the levels an alarm went through. */
export function spansOf(episodes: readonly Episode[], priority: Rule['priority']): readonly Span[] {
  const ranks = ['low', 'medium', 'high'] as const
  return episodes.map(({ from, to, levels }) => {
    const own = levels.map((level) => (typeof priority === 'string' ? priority : (priority[level ?? ''] ?? 'medium')))
    const highest = ranks.findLast((one) => own.includes(one)) ?? 'medium'
    const level = levels[own.indexOf(highest)] ?? null
    return { from, to, priority: highest, label: level === null ? highest : levelWord(level) }
  })
}

export interface TriedSeries { readonly device: string; readonly metric: string; readonly episodes: readonly Episode[] }

/** What to draw: of the keys with most alarms the signals their rule looks at, `most` in all. */
export function seriesOf(episodes: readonly Episode[], rule: Pick<Rule, 'on' | 'when'>, most: number): readonly TriedSeries[] {
  const byKey = Map.groupBy(episodes.filter(({ device }) => device !== null), ({ key }) => key)
  return [...byKey.values()]
    .sort((a, b) => b.length - a.length)
    .flatMap((own) => signalsOf(rule, own[0]!).map((signal) => ({ ...signal, episodes: own })))
    .slice(0, most)
}

interface Signal { readonly device: string; readonly metric: string }

/** Of a rule for several metrics the key names the one; a rule for several signals names them in its condition, some of other devices. */
function signalsOf({ on, when }: Pick<Rule, 'on' | 'when'>, { key, device }: Episode): readonly Signal[] {
  const own = device!
  if (key.startsWith(`${own}.`)) return [{ device: own, metric: key.slice(own.length + 1) }]
  const named = new Map<string, Signal>()
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { metric, device: other } = value as Partial<Record<keyof Signal, unknown>>
    const of = isName(other) ? other : own
    if (isName(metric)) named.set(`${of} ${metric}`, { device: of, metric })
    Object.values(value).forEach(look)
  }
  look({ ...on, device: own })
  look(when.spec)
  return [...named.values()]
}

/** And no pattern. */
function isName(text: unknown): text is string {
  return typeof text === 'string' && !/[*?]/.test(text)
}
