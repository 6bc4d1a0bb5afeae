import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { rate, session } from '../data/state.ts'
import { HealthPanel } from '../overview/health.tsx'
import { AsOf } from '../parts/as-of.tsx'
import { count } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { isAway } from '../parts/permission.ts'
import { About } from './about.tsx'
import { DeadLetters } from './dead-letters.tsx'
import type { Snapshot } from './figures.ts'
import { figuresOf } from './figures.ts'
import { FlowsPanel } from './flows.tsx'
import { Ledger } from './ledger.tsx'
import { parseMetrics } from './prometheus.ts'

const everyMs = 2_000
/** The books and the rest are read less often. */
const ticksARound = 5

async function readMetrics(): Promise<Snapshot> {
  const response = await fetch('/metrics')
  if (!response.ok) throw new Error(`the gateway answered ${response.status}`)
  return { at: performance.now(), samples: parseMetrics(await response.text()) }
}

/** How the gateway does: health, throughput, books, dead letters, flows, disk and versions. */
export function SystemOverview() {
  const looks = useSignal<{ readonly next: Snapshot; readonly before: Snapshot | undefined } | null>(null)
  const wrong = useSignal<string | null>(null)
  const ticks = useSignal(0)
  const away = isAway()
  useEffect(() => {
    if (away) return undefined
    let gone = false
    let timer = 0
    // Only while somebody looks, and never twice at once.
    const look = async (): Promise<void> => {
      if (document.visibilityState === 'visible') {
        try {
          const next = await readMetrics()
          if (gone) return
          looks.value = { next, before: looks.value?.next }
          wrong.value = null
        } catch (thrown) {
          wrong.value = thrown instanceof Error ? thrown.message : String(thrown)
        }
        ticks.value++
      }
      if (!gone) timer = window.setTimeout(() => void look(), everyMs)
    }
    void look()
    return () => {
      gone = true
      clearTimeout(timer)
    }
  }, [away])
  const round = Math.floor(ticks.value / ticksARound)
  const shown = looks.value === null ? undefined : figuresOf(looks.value.next, looks.value.before)
  return (
    <>
      <header class="title-row"><h1>System</h1><p class="muted number">{rate.value === null ? '' : `${count(rate.value)} readings a second · `}logged in as {session.value?.name}, {session.value?.role}</p><AsOf /></header>
      <div class="system-grid">
        <HealthPanel />
        {Object.entries(shown ?? {}).map(([title, figures]) => figures.length > 0 && (
          <Panel key={title} title={title}>
            <dl class="figures">{figures.map(({ name, text, wrong: bad }) => <div key={name}><dt>{name}</dt><dd class={bad === true ? 'bad number' : 'number'}>{bad === true && <span aria-hidden="true">◆ </span>}{text}</dd></div>)}</dl>
          </Panel>
        ))}
        {wrong.value !== null && <p class="muted" role="alert">Metrics could not be read: {wrong.value}</p>}
        <FlowsPanel tick={round} />
        <About tick={round} />
      </div>
      <Ledger tick={round} />
      <DeadLetters tick={round} />
    </>
  )
}
