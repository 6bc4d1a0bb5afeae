import { absolute, duration, timeOfDay } from '../parts/format.ts'
import type { Segment } from './series.ts'

const mostDrawn = 150
const mostListed = 5

/** A metric of words over time: a band with what it said, and the last changes as a table. */
export function StateBand({ segments, from, to, label }: { segments: readonly Segment[]; from: number; to: number; label: string }) {
  const drawn = segments.filter((segment) => segment.to > from).slice(-mostDrawn)
  const percent = (ms: number): string => `${(100 * (Math.min(Math.max(ms, from), to) - from)) / (to - from)}%`
  // Alternating greys: neighbours differ, and no word means anything by its colour.
  const timeText = to - from > 43_200_000 ? absolute : timeOfDay
  const words = [...new Set(segments.map(({ text }) => text))]
  return (
    <>
      <div class="state-band" role="img" aria-label={label}>
        {drawn.map((segment) => (
          <div key={segment.from} class={`state-part state-${words.indexOf(segment.text) % 3}${segment.bad ? ' state-bad' : ''}`} title={`${segment.text}, from ${absolute(segment.from)} for ${duration(segment.to - segment.from)}`} style={{ left: percent(segment.from), width: `calc(${percent(segment.to)} - ${percent(segment.from)})` }}>
            <span>{segment.text}</span>
          </div>
        ))}
      </div>
      <p class="chart-ends"><span>{timeText(from)}</span><span>{timeText(to)}</span></p>
      <table class="state-table">
        <thead><tr><th scope="col">Since</th><th scope="col">State</th><th scope="col">For</th></tr></thead>
        <tbody>
          {drawn.slice(-mostListed).reverse().map((segment) => (
            <tr key={segment.from}><td><time title={absolute(segment.from)}>{timeText(segment.from)}</time></td><td>{segment.text}{segment.bad ? ' (bad quality)' : ''}</td><td class="number">{duration(segment.to - segment.from)}</td></tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
