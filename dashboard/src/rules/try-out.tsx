import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Rule } from '../../../gateway/kernel/rule.ts'
import { limitsFor } from '../charts/limits.ts'
import { SignalChart } from '../charts/signal-chart.tsx'
import { ask } from '../data/api.ts'
import { gatewayTime, now } from '../data/clock.ts'
import { devices } from '../data/state.ts'
import { ErrorState } from '../parts/empty.tsx'
import { absolute, count, duration, valueText } from '../parts/format.ts'
import { isAway } from '../parts/permission.ts'
import { levelWord } from '../alarms/words.ts'
import type { TriedStep } from './episodes.ts'
import { episodesOf, seriesOf, spansOf } from './episodes.ts'
import { asRulesFile } from './rule-item.ts'

const dayMs = 24 * 3_600_000
const mostCharts = 4
const mostListed = 200

interface Tried {
  readonly text: string
  readonly to: number
  readonly firstReadingAt: string | null
  readonly items: readonly TriedStep[]
  readonly summary: { readonly readings: number; readonly alarms: number; readonly shorterThan30s: number }
  readonly truncated: boolean
  /** How far it got, ISO 8601. */
  readonly until: string
  /** Rules that threw, with the reason. */
  readonly faulty: Readonly<Record<string, string>>
}

/** What the text would have raised on what was recorded; nothing is saved, nobody is told. */
export function TryOut({ text, rule }: { text: string; rule: Rule | null }) {
  const running = useSignal<{ readonly since: number; readonly stop: AbortController } | null>(null)
  const wrong = useSignal<string | null>(null)
  const tried = useSignal<Tried | null>(null)
  useEffect(() => () => running.peek()?.stop.abort(), [])

  async function run(): Promise<void> {
    const to = Math.round(gatewayTime())
    const stop = new AbortController()
    running.value = { since: now.peek(), stop }
    wrong.value = null
    try {
      // A rule that is off would evaluate nothing: it is tried as if it were on.
      const answer = await ask<Omit<Tried, 'text' | 'to'>>('rules/backtest', { method: 'POST', body: { rules: asRulesFile(text.replace(/^mode:\s*off\b/m, 'mode: live')), from: to - dayMs, to }, signal: stop.signal })
      tried.value = { ...answer, text, to }
    } catch (thrown) {
      if (!stop.signal.aborted) wrong.value = wordsOf(thrown)
    } finally {
      running.value = null
    }
  }

  return (
    <section class="panel" aria-label="Try it" data-try={running.value !== null ? 'running' : tried.value === null ? 'idle' : 'done'}>
      <div class="title-row">
        <h2>Try it on the last 24 hours</h2>
        <span class="end">{running.value === null
          ? <button type="button" disabled={isAway()} onClick={() => void run()}>{tried.value === null ? 'Try it' : 'Try again'}</button>
          : <button type="button" onClick={() => running.value?.stop.abort()}>Stop</button>}
        </span>
      </div>
      {running.value !== null && <p role="status">Going through what was recorded … {duration(now.value - running.value.since)} <progress aria-label="Going through what was recorded" /></p>}
      {wrong.value !== null && <ErrorState title="It could not be tried" detail={wrong.value} />}
      {tried.value === null ? running.value === null && <p class="muted">Shows what the rule as it stands here would have raised. Nothing is saved, nobody is told.</p>
        : <Outcome tried={tried.value} rule={rule} isOld={tried.value.text !== text} />}
    </section>
  )
}

/** Its place is one in the file that was made of the rule; lines and columns of the rule itself stand beside its text. */
function wordsOf(thrown: unknown): string {
  return String(thrown instanceof Error ? thrown.message : thrown).replace(/^rules:\S+ rules\[0\]\.?/, '')
}

function Outcome({ tried: { items, summary, truncated, firstReadingAt, to, until, faulty }, rule, isOld }: { tried: Tried; rule: Rule | null; isOld: boolean }) {
  // Of a gateway that has run for an hour 23 are empty.
  const from = firstReadingAt === null ? to - dayMs : Date.parse(firstReadingAt)
  const episodes = episodesOf(items, to)
  const series = rule === null ? [] : seriesOf(episodes, rule, mostCharts)
  const keys = new Set(episodes.map(({ key }) => key)).size
  const longest = episodes.reduce((most, episode) => Math.max(most, episode.to - episode.from), 0)
  const still = episodes.filter(({ ended }) => !ended).length
  return (
    <>
      {isOld && <p class="chip chip-bad">of the text before the last changes</p>}
      <p role="status" class="try-sum"><strong>{summary.alarms === 0 ? 'It would have raised no alarm' : `It would have raised ${summary.alarms} ${summary.alarms === 1 ? 'alarm' : 'alarms'}`}</strong> in 24 h{keys > 1 && `, on ${keys} devices or series`}; {count(summary.readings)} readings were looked at{firstReadingAt !== null && `, from ${absolute(from)} on`}.{summary.alarms > 0 && <span class="muted"> The longest stood for {duration(longest)}, {summary.shorterThan30s} for less than 30 s{still > 0 && `, ${still} would still stand`}.</span>}</p>
      {Object.values(faulty).map((fault) => <p key={fault} role="alert" class="bad"><span aria-hidden="true">◆ </span>It failed while it was tried, and says nothing from there on: {fault}</p>)}
      {truncated && <p role="alert" class="bad"><span aria-hidden="true">◆ </span>{Date.parse(until) < to
        ? `So much was recorded that its time was up: it got as far as ${absolute(Date.parse(until))}, and nothing after that is counted or shown.`
        : `There is more than can be shown: charts and list hold the first ${items.length} steps only; the number of alarms is of all.`}</p>}
      {rule !== null && series.map(({ device, metric, episodes: own }) => (
        <figure key={`${device} ${metric}`} class="try-chart">
          <figcaption><b>{metric}</b> of {device} · {own.length} {own.length === 1 ? 'alarm' : 'alarms'}</figcaption>
          <SignalChart device={device} metric={metric} from={from} to={to} height={170} spans={spansOf(own, rule.priority)} limits={limitsFor([{ ...rule, mode: 'live' }], { device, metric, type: devices.value.get(device)?.type ?? null, labels: devices.value.get(device)?.labels ?? {} })} />
        </figure>
      ))}
      {keys > mostCharts && <p class="muted">Drawn are those with most alarms.</p>}
      {items.length > 0 && (
        <details>
          <summary>{items.length > mostListed ? `The first ${mostListed} of ${items.length} steps` : `${items.length} steps`}</summary>
          <table class="stacks number">
            <thead><tr>{['Time', 'Of', 'Event', 'Level', 'Value', 'State'].map((name) => <th key={name} scope="col">{name}</th>)}</tr></thead>
            <tbody>
              {items.slice(0, mostListed).map(({ wallMs, key, event, level, value, from: before, to: after, reason }, index) => (
                <tr key={index}>
                  <td>{absolute(wallMs)}</td><td>{key}</td><td><b>{event}</b>{typeof reason === 'string' && <span class="muted"> {reason}</span>}</td>
                  <td data-label="level">{level === null ? '–' : levelWord(level)}</td><td data-label="value">{typeof value === 'object' ? '–' : valueText(value as number)}</td><td>{before} → {after}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </>
  )
}
