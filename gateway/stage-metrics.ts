import { coreStates } from './kernel/alarm.ts'
import type { MetricSource } from './kernel/metric.ts'
import type { LiveAlarmStage } from './kernel/stage-contracts.ts'

const ruleStates = ['live', 'shadow', 'off', 'faulty'] as const

/** Figures of rules and alarms. */
export function createStageMetrics(stage: Pick<LiveAlarmStage, 'rules' | 'faulty' | 'lateReadings' | 'eventsPassedOver' | 'firings' | 'list'>): MetricSource {
  return function* metrics() {
    const faulty = stage.faulty()
    const rules = countBy(stage.rules(), ({ id, mode }) => (faulty.has(id) ? 'faulty' : mode))
    for (const state of ruleStates) yield { name: 'limen_rules', help: 'Rules there are; those that are faulty are not evaluated.', type: 'gauge', value: rules.get(state) ?? 0, labels: { state } }
    const alarms = countBy(stage.list(), ({ state }) => state)
    for (const state of coreStates) yield { name: 'limen_alarms', help: 'Alarms that were ever raised and are remembered.', type: 'gauge', value: alarms.get(state) ?? 0, labels: { state } }
    yield { name: 'limen_readings_late_total', help: 'Readings that came too late to be evaluated; they are stored.', type: 'counter', value: stage.lateReadings() }
    yield { name: 'limen_events_passed_over_total', help: 'Events that a rule did not hear because it holds 200,000 keys already, once for each such rule.', type: 'counter', value: stage.eventsPassedOver() }
    yield { name: 'limen_timers_fired_total', help: 'Timers of rules and alarms that fired and changed something.', type: 'counter', value: stage.firings() }
  }
}

function countBy<Item>(items: Iterable<Item>, of: (item: Item) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(of(item), (counts.get(of(item)) ?? 0) + 1)
  return counts
}
