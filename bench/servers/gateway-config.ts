import { stringify } from 'yaml'

/** Loaded in every measurement of the gateway. */
export const ruleCount = 100

/** What the flows' process does; `off` wherever it is not what is measured. */
export type FlowsLoad = 'off' | 'idle' | 'looping'

/** The gateway's defaults, on free ports. */
export function benchConfig({ commitWindow, flows = 'off' }: { commitWindow?: string; flows?: FlowsLoad }): string {
  return stringify({
    site: 'bench',
    data: './data',
    mqtt: { host: '127.0.0.1', port: 0 },
    http: { host: '127.0.0.1', port: 0 },
    ...(commitWindow === undefined ? {} : { store: { commitWindow } }),
    flows: { mode: flows === 'off' ? 'off' : 'child' },
    rules: ['rules.yaml'],
  })
}

/**
 * A hundred rules of which a reading of the load meets two (one for its metric, one for its hub), none of which fires;
 * one for the alarms of the latency measurement, with a command; the others are for metrics that never come.
 */
export function benchRules(): string {
  const forAll = { id: 'bench-humidity', on: { metric: 'humidity' }, when: { level: { hi: 95, hihi: 99, hysteresis: 2 } }, priority: { hi: 'medium', hihi: 'high' }, message: 'humidity {value}{unit} on {device}' }
  const forHubs = Array.from({ length: 50 }, (_, i) => ({
    id: `bench-hub-${i}`,
    on: { metric: 'humidity', device: `load-${String(i).padStart(3, '0')}-*` },
    when: { above: 90, hysteresis: 2 },
    for: '10s',
  }))
  const pressure = {
    id: 'bench-pressure',
    on: { metric: 'pressure' },
    when: { above: 120, hysteresis: 2 },
    priority: 'high',
    message: 'pressure {value} on {device}',
    // oxlint-disable-next-line unicorn/no-thenable -- `then` is the rule language's word
    then: [{ command: { device: 'fan-{device}', actuator: 'power', value: true, ttl: '30s', release: 'hold' } }],
  }
  const others = Array.from({ length: ruleCount - forHubs.length - 2 }, (_, i) => ({ id: `bench-other-${i}`, on: { metric: `other-${i}` }, when: { below: 5 }, clearFor: '5s' }))
  return stringify({ rules: [forAll, pressure, ...forHubs, ...others] })
}

/** A flow that never gives its process back, from its start on. */
export function loopingFlows(): string {
  return JSON.stringify([
    { id: 'tab', type: 'tab', label: 'Loops for ever' },
    { id: 'start', type: 'inject', z: 'tab', once: true, onceDelay: '0.1', repeat: '', topic: '', payloadType: 'date', payload: '', x: 100, y: 60, wires: [['loop']] },
    { id: 'loop', type: 'function', z: 'tab', name: 'loop', func: 'while (true) {}', outputs: 1, x: 260, y: 60, wires: [[]] },
  ])
}
