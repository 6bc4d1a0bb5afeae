import { find } from './figures.ts'
import type { Figure } from './figures.ts'

/** What the figures are held against. `value` is undefined where a figure was not measured in this run. */
export interface Verdict { readonly target: string; readonly value: number | undefined; readonly unit: string; readonly met: boolean | undefined }

export function verdicts(figures: readonly Figure[]): readonly Verdict[] {
  const many = '50 connections × 50 in flight'
  const rate = (subject: string): number | undefined => find(figures, { measurement: 'throughput', setting: many, subject, quantity: 'acknowledged' })
  const command = (setting: string, quantity: string): number | undefined => find(figures, { measurement: 'latency', setting, subject: 'limen', quantity: `to command ${quantity}` })
  const memory = (subject: string, setting: string): number | undefined => find(figures, { measurement: 'memory', setting, subject, quantity: 'RSS, highest' })
  const missing = figures.filter((figure) => figure.measurement === 'latency' && figure.subject === 'limen' && figure.quantity.endsWith('missing'))
  const withDashboards = (setting: string): number | undefined => find(figures, { measurement: 'dashboards', setting, subject: 'limen', quantity: 'acknowledged' })
  const withFlows = (setting: string, quantity: string): number | undefined => find(figures, { measurement: 'flows', setting, subject: 'limen', quantity })
  return [
    atLeast('throughput against bare aedes', ratio(rate('limen'), rate('bare aedes')), 0.6, '×'),
    atLeast('throughput against Mosquitto', ratio(rate('limen'), rate('mosquitto')), 1, '×'),
    atMost('alarm to command, p99 at 4,000/s, TCP_NODELAY', command('4,000 readings/s, publishers TCP_NODELAY', 'p99'), 10, 'ms'),
    atMost('alarm to command, p99 at 20,000/s, TCP_NODELAY', command('20,000 readings/s, publishers TCP_NODELAY', 'p99'), 20, 'ms'),
    atMost('alarm to command, p99 at 20,000/s, Nagle', command('20,000 readings/s, publishers Nagle', 'p99'), 60, 'ms'),
    atMost('alarms and commands missing, all rates', missing.length === 0 ? undefined : Math.max(...missing.flatMap((figure) => figure.runs)), 0, ''),
    atMost('memory at rest', memory('limen', 'at rest'), 120, 'MB'),
    atMost('memory at saturation against bare aedes', ratio(memory('limen', 'at saturation'), memory('bare aedes', 'at saturation')), 1.4, '×'),
    atMost('bytes written per payload byte at 1,000/s', find(figures, { measurement: 'disk', setting: '1,000 readings/s', subject: 'limen', quantity: 'written per payload byte' }), 6, '×'),
    atMost('start to ready, compile cache warm', find(figures, { measurement: 'start', setting: 'compile cache warm', subject: 'limen', quantity: 'start to ready' }), 2_000, 'ms'),
    atMost('start to ready with 100,000 alarms, after a kill', find(figures, { measurement: 'alarms', setting: '100,000 alarms, after a kill', subject: 'limen', quantity: 'start to ready' }), 5_000, 'ms'),
    atLeast('throughput with ten dashboards against none', ratio(withDashboards('10 dashboards'), withDashboards('no dashboard')), 0.9, '×'),
    atMost('alarm to command, p99, a looping flow against flows off', ratio(withFlows('a flow that loops for ever', 'to command p99'), withFlows('flows off', 'to command p99')), 1.1, '×'),
    ...['lines of JSON, one reading each', 'CSV, three metrics a row', 'log of a gateway'].map((setting) => atLeast(`backtest over ${setting}`, find(figures, { measurement: 'backtest', setting, subject: 'limen', quantity: 'gone through, start and all' }), 200_000, '/s')),
    atMost('memory at rest, gateway and flows together', withFlows('flows at rest', 'RSS, together'), 300, 'MB'),
  ]
}

function atLeast(what: string, value: number | undefined, bound: number, unit: string): Verdict {
  return { target: `${what} ≥ ${bound} ${unit}`.trim(), value, unit, met: value === undefined ? undefined : value >= bound }
}

function atMost(what: string, value: number | undefined, bound: number, unit: string): Verdict {
  return { target: `${what} ≤ ${bound} ${unit}`.trim(), value, unit, met: value === undefined ? undefined : value <= bound }
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b
}
