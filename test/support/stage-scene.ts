import type { SavedStage } from '../../gateway/alarm-stage.ts'
import { createAlarmStage } from '../../gateway/alarm-stage.ts'
import type { Transition } from '../../gateway/kernel/alarm.ts'
import type { DeviceFacts, Resume, Times } from '../../gateway/kernel/contracts.ts'
import type { LiveAlarmStage } from '../../gateway/kernel/stage-contracts.ts'
import type { Reading, Series, Value } from '../../gateway/kernel/reading.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { Kind } from '../../gateway/rules/kind.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { copyOf, rulesOf } from './timeline.ts'

export const startWallMs = Date.UTC(2026, 0, 1)

/** Seconds of monotonic time; wall time begins with 2026. */
export const seconds = (s: number): Times => ({ at: s * 1_000, wallMs: startWallMs + s * 1_000 })

export interface StageScene {
  readonly stage: LiveAlarmStage<SavedStage>
  readonly store: MemoryStore
  /** What the registry says of a device, from then on. */
  readonly device: (id: string, facts?: Partial<DeviceFacts>, s?: number) => readonly Transition[]
  readonly rules: (yaml: string, s?: number) => readonly Transition[]
  /** One message of one device. */
  readonly message: (s: number, device: string, values: Readonly<Record<string, Value>>) => readonly Transition[]
  /** The process dies and is back after a time; gives the new scene, its rules not yet set. */
  readonly restart: (s: number, downS: number) => Promise<StageScene>
  /** The process began anew: the rules' state (unless it is lost) and the alarms are read, and what that entails is given. */
  readonly comeBack: (resume: Extract<Resume, { kind: 'start' }>, saved?: SavedStage) => Promise<readonly Transition[]>
}

/** The stage on a store in memory and a registry; nothing is committed until the test says so. */
export function createStageScene(extraKinds: readonly Kind[] = [], of: { store?: MemoryStore } = {}): StageScene {
  const store = of.store ?? createMemoryStore()
  const stage = createAlarmStage({ kinds: [...kinds, ...extraKinds] }, { state: store })
  const series = new Map<string, Series>()

  function seriesOf(device: string, metric: string): Series {
    const name = `${device}/${metric}`
    const one = series.get(name) ?? { id: series.size, device, metric, storedId: series.size }
    series.set(name, one)
    return one
  }

  return {
    stage,
    store,
    device: (id, facts = {}, s = 0) => stage.deviceChanged(id, { type: null, labels: {}, settings: {}, ...facts }, seconds(s)),
    rules: (yaml, s = 0) => stage.replaceRules(yaml === '' ? [] : rulesOf(yaml), seconds(s)),
    message(s, device, values) {
      const times = seconds(s)
      const readings = Object.entries(values).map(([metric, value]): Reading => ({
        series: seriesOf(device, metric), value, quality: 'good', unit: '%', ts: times.wallMs, tsGiven: false, seq: undefined, receivedAt: times.wallMs, k: 0,
      }))
      if (stage.factsOf(device) === undefined) stage.deviceChanged(device, { type: null, labels: {}, settings: {} }, times)
      return stage.evaluate(readings, times)
    },
    async restart(s, downS) {
      await store.commit()
      const scene = createStageScene(extraKinds, { store: store.crash() })
      // Monotonic time stands still while the gateway is down.
      await scene.comeBack({ kind: 'start', alive: seconds(s), times: { at: s * 1_000, wallMs: seconds(s + downS).wallMs } }, copyOf(stage))
      return scene
    },
    async comeBack(resume, saved) {
      await stage.restore({ store, saved, resume })
      return stage.resume(resume)
    },
  }
}

/** `rule key event state`, for short comparisons. */
export const told = (transitions: readonly Transition[]): readonly string[] => transitions.map(({ event, alarm }) => `${alarm.rule} ${alarm.key} ${event} ${alarm.state}`)

export const ruleWith = (transition: Transition | undefined): Rule => {
  if (transition === undefined) throw new Error('no transition')
  return transition.rule
}
