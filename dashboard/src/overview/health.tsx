import { ApiProblem, ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import type { HealthCheck } from '../data/state.ts'
import { gateway } from '../data/state.ts'
import { absolute } from '../parts/format.ts'
import type { FlowsStatus } from '../../../gateway/kernel/flows.ts'

const names: Readonly<Record<string, string>> = { store: 'Store', broker: 'Broker', pipeline: 'Pipeline', influx: 'InfluxDB', flows: 'Flows' }

export function checkName(name: string): string {
  return names[name] ?? name
}

interface Line { readonly name: string; readonly word: string; readonly ok: boolean | undefined; readonly detail?: string | undefined; readonly link?: string | undefined }

/** Gateway, store, broker, InfluxDB, flows: grey while they are well. */
export function HealthPanel() {
  const health = gateway.value?.health
  const flows = useFlows()
  if (health === undefined) return null
  const { flows: flowsCheck, ...checks } = health.checks
  const lines: Line[] = [{ name: 'Gateway', word: health.ready ? 'ready' : 'not ready', ok: health.ready, detail: gateway.value?.version }]
  for (const [name, check] of Object.entries(checks)) lines.push(lineOf(name, check))
  if (checks['influx'] === undefined) lines.push({ name: 'InfluxDB', word: 'not set up', ok: undefined })
  lines.push(flowsLine(flowsCheck, flows))
  return (
    <section class="panel" aria-labelledby="health-title">
      <h2 id="health-title">Health</h2>
      <ul class="health">
        {lines.map(({ name, word, ok, detail, link }) => (
          <li key={name} class={ok === false ? 'health-bad' : ''}>
            <span class="health-sign" aria-hidden="true">{ok === false ? '!' : ok === true ? '✓' : '–'}</span>
            <span class="health-name">{name}</span>
            <span class="health-word">{word}{link !== undefined && <> · <a href={link} target="_blank" rel="noopener">open the editor</a></>}</span>
            {detail !== undefined && detail !== '' && <span class="health-detail muted">{detail}</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}

function lineOf(name: string, { ok, detail }: HealthCheck): Line {
  return { name: checkName(name), word: ok ? 'well' : 'not well', ok, detail }
}

/** Null: this gateway has none, or they are off. Asked whenever the health says something else of them. */
function useFlows(): FlowsStatus | null | undefined {
  const check = gateway.value?.health.checks['flows']
  const loaded = useLoaded(`flows ${check?.ok} ${check?.detail}`, async (signal) => {
    if (check === undefined) return null
    try {
      return await ask<FlowsStatus>('flows', { signal })
    } catch (thrown) {
      if (thrown instanceof ApiProblem && (thrown.status === 404 || thrown.status === 409)) return null
      throw thrown
    }
  })
  return loaded.state === 'ready' ? loaded.data : undefined
}

export const flowsWords: Readonly<Record<FlowsStatus['state'], string>> = { off: 'off', starting: 'starting', running: 'running', 'safe-mode': 'safe mode: the editor runs, flows do not', waiting: 'ended, started again in a moment', stopped: 'stopped' }

function flowsLine(check: HealthCheck | undefined, status: FlowsStatus | null | undefined): Line {
  const name = checkName('flows')
  if (status === undefined || status === null) return check === undefined ? { name, word: status === null ? 'off' : 'unknown', ok: undefined } : lineOf('flows', check)
  const { state, restarts, lastError, editor } = status
  if (state === 'off') return { name, word: 'off', ok: undefined }
  const parts = [restarts > 0 ? `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}` : '', lastError === null ? '' : `last error ${absolute(Date.parse(lastError.at))}: ${lastError.message}`]
  return { name, word: flowsWords[state] ?? state, ok: state === 'running' || state === 'starting', detail: parts.filter((part) => part !== '').join(' · '), link: editor ?? undefined }
}
