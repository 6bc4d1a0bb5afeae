import type { StoredReading } from '../../../gateway/kernel/reading.ts'
import { ask } from '../data/api.ts'
import type { Page } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { absolute, timeOfDay, valueText } from '../parts/format.ts'
import { isAway } from '../parts/permission.ts'
import { whenRead } from '../parts/when-read.tsx'
import { newestOf } from './values-table.tsx'

type Shown = Omit<StoredReading, 'seq' | 'unit'> & { readonly seq: number | null; readonly unit: string | null }

const mostShown = 20
/** From so much before it was heard last; a shorter time where that is more than one page. */
const lookBackMs = [60_000, 5_000, 500]

/** What came from the device last, as the log has it. */
export function RawMessages({ device, lastSeen }: { device: string; lastSeen: number }) {
  async function read(signal: AbortSignal): Promise<readonly Shown[]> {
    const heard = Math.max(lastSeen, newestOf(device))
    for (const [tries, backMs] of lookBackMs.entries()) {
      const { items, next } = await ask<Page<Shown>>(`readings?device=${encodeURIComponent(device)}&from=${Math.floor(heard - backMs)}&limit=5000`, { signal })
      if (next === null || tries === lookBackMs.length - 1) return items.slice(-mostShown).reverse()
    }
    return []
  }
  const loaded = useLoaded(`raw ${device}`, read)
  return (
    <section class="panel" aria-label="Raw readings">
      <header class="title-row"><h2>Raw, as received</h2><span class="end"><button type="button" disabled={isAway()} onClick={loaded.reload}>Refresh</button></span></header>
      {whenRead(loaded, 'They', (messages) => messages.length === 0 ? <p class="muted">The log holds none from the minute in which it was heard last.</p> : (
            <table class="stacks number">
              <thead><tr><th scope="col">Metric</th><th scope="col">Value</th><th scope="col">Time</th><th scope="col">Received</th><th scope="col">Seq</th><th scope="col">Position</th></tr></thead>
              <tbody>
                {messages.map(({ position, metric, value, unit, quality, ts, receivedAt, seq }, index) => (
                  <tr key={`${position} ${index}`}>
                    <td>{metric}</td>
                    <td>{valueText(value, unit)}{quality !== 'good' && <span class="bad"> ◆ {quality}</span>}</td>
                    <td title={absolute(ts)}>{millis(ts)}</td>
                    <td data-label="received" title={absolute(receivedAt)}>{millis(receivedAt)}</td>
                    <td data-label="seq">{seq ?? '–'}</td>
                    <td data-label="position">{position}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
    </section>
  )
}

function millis(ms: number): string {
  return `${timeOfDay(ms)} .${String(Math.floor(ms % 1_000)).padStart(3, '0')}`
}
