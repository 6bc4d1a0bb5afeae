import { gateway } from '../data/state.ts'

const names: Readonly<Record<string, string>> = { store: 'Store', broker: 'Broker', pipeline: 'Pipeline', influx: 'InfluxDB', flows: 'Flows' }

export function checkName(name: string): string {
  return names[name] ?? name
}

interface Line { readonly name: string; readonly word: string; readonly ok: boolean | undefined; readonly detail?: string | undefined }

/** Gateway, store, broker, InfluxDB, flows: grey while they are well. What more there is to say stands on the page System. */
export function HealthPanel() {
  const known = gateway.value
  if (known === null) return null
  const { ready, checks } = known.health
  const lines: Line[] = [{ name: 'Gateway', word: ready ? 'ready' : 'not ready', ok: ready, detail: known.version }]
  for (const [name, { ok, detail }] of Object.entries(checks)) lines.push({ name: checkName(name), word: ok ? 'well' : 'not well', ok, detail })
  if (checks['influx'] === undefined) lines.push({ name: 'InfluxDB', word: 'not set up', ok: undefined })
  if (checks['flows'] === undefined) lines.push({ name: 'Flows', word: 'off', ok: undefined })
  return (
    <section class="panel" aria-labelledby="health-title">
      <div class="panel-head"><h2 id="health-title">Health</h2><a href="/system">System</a></div>
      <ul class="health">
        {lines.map(({ name, word, ok, detail }) => (
          <li key={name} class={ok === false ? 'health-bad' : ''}>
            <span class="health-sign" aria-hidden="true">{ok === false ? '!' : ok === true ? '✓' : '–'}</span>
            <span>{name}</span>
            <span>{word}</span>
            {detail !== undefined && detail !== '' && <span class="health-detail muted">{detail}</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}
