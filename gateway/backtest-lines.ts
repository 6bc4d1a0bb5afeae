import { createAlarmStage } from './alarm-stage.ts'
import { createSeriesMemory } from './ingest/identity.ts'
import { LimenError } from './kernel/errors.ts'
import type { DeviceFacts } from './kernel/contracts.ts'
import type { Reading } from './kernel/reading.ts'
import type { Rule } from './kernel/rule.ts'
import type { Summary } from './backtest-summary.ts'
import { createSummary } from './backtest-summary.ts'
import type { InputLine, OutputLine } from './replay-lines.ts'
import { createReplay } from './replay-lines.ts'
import { kinds } from './rules/kinds.ts'

/** What of the state a backtest keeps: nothing, it is all in memory. */
export const nowhere = { put() {}, delete() {}, onDisk() {} } as const

export interface LinesBacktest {
  /** Takes one line; gives what it entails. A promise only where it is a restart. Throws BAD_INPUT. */
  line(line: InputLine): readonly OutputLine[] | Promise<readonly OutputLine[]>
  summary(): Summary
  readings(): number
}

/** The live engine with a virtual clock, over recorded input. */
export function createLinesBacktest(rules: readonly Rule[], factsOf?: (device: string) => DeviceFacts): LinesBacktest {
  const stage = createAlarmStage({ kinds }, { state: nowhere })
  const summary = createSummary()
  const memories = new Map<Reading['series'], ReturnType<typeof createSeriesMemory>>()
  const replay = createReplay({
    stage: () => stage,
    ...(factsOf === undefined ? {} : { factsOf }),
    isDuplicate(reading) {
      let memory = memories.get(reading.series)
      if (memory === undefined) memories.set(reading.series, (memory = createSeriesMemory()))
      if (memory.has(reading)) return true
      memory.remember(reading)
      return false
    },
  })
  let begun = false

  function counted(lines: readonly OutputLine[]): readonly OutputLine[] {
    for (const line of lines) summary.count(line)
    return lines
  }

  return {
    line(line) {
      if (!begun) {
        if (typeof line.at !== 'number') throw new LimenError('BAD_INPUT', 'a line needs `at`', { remedy: 'write {"at":0,"device":"d","metric":"m","value":1}' })
        begun = true
        stage.replaceRules(rules, { at: line.at, wallMs: line.at })
      }
      const out = replay.line(line)
      return Array.isArray(out) ? counted(out as readonly OutputLine[]) : (out as Promise<readonly OutputLine[]>).then(counted)
    },
    summary: () => summary.close({ ...replay.counts(), late: stage.lateReadings(), stateHash: stage.stateHash() }),
    readings: () => replay.counts().readings,
  }
}
