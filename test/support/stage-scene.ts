import { createAlarmStage } from '../../gateway/alarm-stage.ts'
import type { Transition } from '../../gateway/kernel/alarm.ts'
import type { LiveAlarmStage, Times } from '../../gateway/kernel/contracts.ts'
import type { Reading, Series, Value } from '../../gateway/kernel/reading.ts'
import type { Rule } from '../../gateway/kernel/rule.ts'
import type { Kind } from '../../gateway/rules/kind.ts'
import { kinds } from '../../gateway/rules/kinds.ts'
import type { MemoryDevices } from './memory-devices.ts'
import { createMemoryDevices } from './memory-devices.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'
import { rulesOf } from './timeline.ts'

export const startWallMs = Date.UTC(2026, 0, 1)

/** Seconds of monotonic time; wall time begins with 2026. */
export const seconds = (s: number): Times => ({ at: s * 1_000, wallMs: startWallMs + s * 1_000 })

export interface StageScene {
  readonly stage: LiveAlarmStage
  readonly store: MemoryStore
  readonly devices: MemoryDevices
  readonly rules: (yaml: string, s?: number) => readonly Transition[]
  /** One message of one device. */
  readonly message: (s: number, device: string, values: Readonly<Record<string, Value>>) => readonly Transition[]
  /** The process dies and is back after a time; gives the new scene, its rules not yet set. */
  readonly restart: (s: number, downS: number) => Promise<StageScene>
}

/** The stage on a store in memory and a registry; nothing is committed until the test says so. */
export function createStageScene(extraKinds: readonly Kind[] = [], of: { store?: MemoryStore; devices?: MemoryDevices } = {}): StageScene {
  const store = of.store ?? createMemoryStore()
  const devices = of.devices ?? createMemoryDevices()
  const stage = createAlarmStage({ kinds: [...kinds, ...extraKinds] }, { state: store, devices })
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
    devices,
    rules: (yaml, s = 0) => stage.replaceRules(yaml === '' ? [] : rulesOf(yaml), seconds(s)),
    message(s, device, values) {
      const times = seconds(s)
      const readings = Object.entries(values).map(([metric, value]): Reading => ({
        series: seriesOf(device, metric), value, quality: 'good', unit: '%', ts: times.wallMs, tsGiven: false, seq: undefined, receivedAt: times.wallMs, k: 0,
      }))
      for (const reading of readings) {
        devices.observe(reading)
        store.appendReading(reading, 0)
      }
      return stage.evaluate(readings, times)
    },
    async restart(s, downS) {
      await store.commit()
      const scene = createStageScene(extraKinds, { store: store.crash(), devices })
      await scene.stage.restore(scene.store, { kind: 'start', alive: seconds(s), times: seconds(s + downS) })
      return scene
    },
  }
}

/** `rule key event state`, for short comparisons. */
export const told = (transitions: readonly Transition[]): readonly string[] => transitions.map(({ event, alarm }) => `${alarm.rule} ${alarm.key} ${event} ${alarm.state}`)

export const ruleWith = (transition: Transition | undefined): Rule => {
  if (transition === undefined) throw new Error('no transition')
  return transition.rule
}
