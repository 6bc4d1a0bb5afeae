import { deserialize, serialize } from 'node:v8'
import type { SavedStage } from '../../gateway/alarm-stage.ts'
import { createAlarmStage } from '../../gateway/alarm-stage.ts'
import type { Transition } from '../../gateway/kernel/alarm.ts'
import type { BacktestLine } from '../../gateway/kernel/backtest.ts'
import type { DeviceFacts, Resume } from '../../gateway/kernel/contracts.ts'
import type { LiveAlarmStage } from '../../gateway/kernel/stage-contracts.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { InputLine } from '../../gateway/replay-lines.ts'
import { createReplay } from '../../gateway/replay-lines.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import { readRules } from '../../gateway/rules/load.ts'
import { kindSchemas } from '../../gateway/rules/schemas.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'

/** Rules from YAML, as a file of them would be read. Throws where it is refused. */
export function rulesOf(yaml: string): readonly Rule[] {
  const { rules, problems } = readRules(yaml, 'rules.yaml', { kinds: kindSchemas, targets: new Set(['nurse-call']) })
  if (problems.length > 0) throw new Error(problems.map((problem) => JSON.stringify(problem)).join('\n'))
  return rules
}

export interface Timeline {
  line(line: InputLine): Promise<readonly BacktestLine[]>
  stage(): LiveAlarmStage<SavedStage>
  store(): MemoryStore
  counts(): { readonly readings: number; readonly duplicates: number }
  /** As after a commit that failed: the state is read anew from what was kept. */
  undo(at: number): Promise<void>
  /** Another stage, from what was kept. */
  twin(at: number): Promise<LiveAlarmStage<SavedStage>>
}

/** The state as it comes back from a store. */
export function copyOf(stage: LiveAlarmStage<SavedStage>): SavedStage {
  return deserialize(serialize(stage.save())) as SavedStage
}

/** The whole stage on a store in memory, driven by lines of a backtest's input; every line is a commit of its own. */
export async function createTimeline(rules: readonly Rule[], startAt = 0, factsOf?: (device: string) => DeviceFacts): Promise<Timeline> {
  let store = createMemoryStore()
  const build = (): LiveAlarmStage<SavedStage> => createAlarmStage({ kinds }, { state: proxy })
  const proxy: Pick<MemoryStore, 'put' | 'delete' | 'onDisk'> = {
    put: (space, key, value) => store.put(space, key, value),
    delete: (space, key) => store.delete(space, key),
    onDisk: (callback) => store.onDisk(callback),
  }
  let stage = build()

  async function restart(resume: Extract<Resume, { kind: 'start' }>): Promise<readonly Transition[]> {
    await store.commit()
    const saved = copyOf(stage)
    store = store.crash()
    stage = build()
    await stage.restore({ store, saved, resume })
    return stage.resume(resume)
  }

  const replay = createReplay({
    stage: () => stage,
    restart,
    ...(factsOf === undefined ? {} : { factsOf }),
  })
  stage.replaceRules(rules, { at: startAt, wallMs: startAt })
  await store.commit()
  return {
    async line(line) {
      const out = await replay.line(line)
      await store.commit()
      return out
    },
    stage: () => stage,
    store: () => store,
    counts: () => replay.counts(),
    async undo(at) {
      await stage.restore({ store, saved: copyOf(stage), resume: { kind: 'undo', times: { at, wallMs: at } } })
    },
    async twin(at) {
      const other = createAlarmStage({ kinds }, { state: { put() {}, delete() {}, onDisk() {} } })
      await other.restore({ store, saved: copyOf(stage), resume: { kind: 'undo', times: { at, wallMs: at } } })
      return other
    },
  }
}
