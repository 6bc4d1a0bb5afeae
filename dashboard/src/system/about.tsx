import { ask } from '../data/api.ts'
import { Panel } from '../parts/panel.tsx'
import { useLoaded } from '../data/loaded.ts'
import type { GatewayInfo } from '../data/state.ts'
import { Age } from '../parts/time.tsx'
import { whenRead } from '../parts/when-read.tsx'
import type { Fact } from './facts.ts'
import { factsOf } from './facts.ts'

/** Versions, disk, retention; how to keep and take out what is here. */
export function About({ tick }: { tick: number }) {
  const loaded = useLoaded('gateway', (signal) => ask<GatewayInfo>('gateway', { signal }), tick)
  return (
    <Panel title="Gateway">
      {whenRead(loaded, 'It', (info) => <dl class="figures">{factsOf(info).map(({ name, text, since }: Fact) => <div key={name}><dt>{name}</dt><dd>{since === undefined ? text : <Age since={since} suffix=" ago" />}</dd></div>)}</dl>)}
      <p class="muted">Backup: <code>limen backup</code> and <code>limen restore</code> are not in this version. Stop the gateway and copy its data directory. Readings and alarms are taken out with <code>limen export</code> at any time.</p>
      <p><a href="/api">API</a> · <a href="/api/v1/openapi.json">OpenAPI</a> · <a href="/metrics">Metrics</a></p>
    </Panel>
  )
}
