import type { Reading, Value } from '../../../gateway/kernel/reading.ts'
import type { Rule } from '../../../gateway/kernel/rule.ts'
import type { CellView, JointCondition, Surroundings } from '../../../gateway/rules/kind.ts'
import { normal } from '../../../gateway/rules/kind.ts'
import { score } from '../../../gateway/rules/kinds/score.ts'
import { rulesOf } from '../../support/timeline.ts'

export type Message = Readonly<Record<string, Value | { readonly value: Value; readonly unit?: string; readonly bad?: true; readonly device?: string }>>

export interface Bed {
  /** All readings of a message, then the verdict, as a level; undefined: unknown. */
  say(at: number, message: Message): string | undefined
  /** What is true at a moment without a message. */
  look(at: number): string | undefined
  shown(): { readonly value: Value; readonly text?: string }
  readonly cell: CellView
  readonly condition: JointCondition
}

/** A rule is read once: that takes longer than all it is then asked. */
const read = new Map<string, Rule>()

/** One condition of the kind, with the little of an engine that it needs: a verdict becomes what is active. */
export function bed(when: string, { settings = {}, offline = () => false, tables = '' }: { settings?: Record<string, unknown>; offline?: () => boolean; tables?: string } = {}): Bed {
  const text = `rules:\n  - { id: r, when: { score: ${when} } }\n${tables}`
  if (!read.has(text)) read.set(text, rulesOf(text)[0]!)
  const condition = score.compile(read.get(text)!) as JointCondition
  const cell = { key: 'bed', device: 'bed', active: normal, deadline: Infinity, memory: condition.create() as unknown, watermark: null }
  const around: Surroundings = { standsMs: () => Infinity, expired: () => Infinity, offlineSince: () => (offline() ? Infinity : -Infinity), labels: () => ({}), type: () => null, setting: (_device, name) => settings[name] }
  const judge = (at: number): string | undefined => {
    const verdict = condition.judge(cell, { at, wallMs: at, time: at }, around)
    if (verdict >= normal) cell.active = verdict
    return verdict < normal ? undefined : condition.levelOf(verdict) ?? undefined
  }
  return {
    cell,
    condition,
    look: judge,
    shown: () => condition.shown!(cell) as { value: Value; text?: string },
    say(at, message) {
      for (const [metric, written] of Object.entries(message)) {
        const { value, unit, bad, device = 'bed' } = typeof written === 'object' && written !== null ? written : { value: written }
        if (value === null) continue
        const reading = { series: { id: 0, device, metric, storedId: 0 }, value, unit, quality: bad === true ? 'bad' : 'good', ts: at, tsGiven: false, seq: undefined, receivedAt: at, k: 0 } satisfies Reading
        for (const [index, { on }] of condition.signals.entries()) if (on.metric === metric) condition.take(reading, index, cell, { at, wallMs: at, time: at })
      }
      return judge(at)
    },
  }
}
