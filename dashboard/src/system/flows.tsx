import { useSignal } from '@preact/signals'
import type { FlowsStatus, FlowsVersion } from '../../../gateway/kernel/flows.ts'
import type { Page } from '../data/api.ts'
import { ApiProblem, ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { gateway } from '../data/state.ts'
import { Dialog, DialogEnd } from '../parts/dialog.tsx'
import { absolute, bytes } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { isAtLeast, isAway } from '../parts/permission.ts'
import { Age } from '../parts/time.tsx'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { whenRead } from '../parts/when-read.tsx'

interface Flows { readonly status: FlowsStatus; readonly versions: readonly FlowsVersion[] }

const flowsWords: Readonly<Record<FlowsStatus['state'], string>> = { off: 'off', starting: 'starting', running: 'running', 'safe-mode': 'safe mode: the editor runs, flows do not', waiting: 'ended, started again in a moment', stopped: 'stopped' }

/** Null: they are off. */
async function readFlows(signal: AbortSignal): Promise<Flows | null> {
  try {
    const status = await ask<FlowsStatus>('flows', { signal })
    return status.state === 'off' ? null : { status, versions: (await ask<Page<FlowsVersion>>('flows/versions', { signal })).items }
  } catch (thrown) {
    if (thrown instanceof ApiProblem && (thrown.status === 404 || thrown.status === 409)) return null
    throw thrown
  }
}

/** Node-RED: how it does, and what to do where it does not. */
export function FlowsPanel({ tick }: { tick: number }) {
  const check = gateway.value?.health.checks['flows']
  const loaded = useLoaded('flows', readFlows, `${tick} ${check?.ok} ${check?.detail}`)
  const asking = useSignal<{ readonly verb: string; readonly act: () => Promise<unknown> } | null>(null)
  const does = async ({ verb, act }: NonNullable<typeof asking.value>): Promise<void> => {
    asking.value = null
    await act().then(() => tell(`${verb}: done`), tellWrong)
    loaded.reload()
  }
  return (
    <Panel title="Flows">
      {whenRead(loaded, 'Flows', (flows) => (flows === null ? <p class="muted">Flows are off. <code>{'flows: { mode: child }'}</code> in limen.yaml turns them on.</p> : <Shown {...flows} onAsk={(verb, act) => (asking.value = { verb, act })} />))}
      {asking.value !== null && (
        <Dialog title={`${asking.value.verb}?`} onClose={() => (asking.value = null)}>
          <p>Flows stand still for some seconds. Readings, rules and alarms go on.</p>
          <DialogEnd button={asking.value.verb} onCancel={() => (asking.value = null)} onDo={() => void does(asking.value!)} />
        </Dialog>
      )}
    </Panel>
  )
}

function Shown({ status: { state, since, restarts, lastError, memoryBytes, editor }, versions, onAsk }: Flows & { onAsk: (verb: string, act: () => Promise<unknown>) => void }) {
  const admin = isAtLeast('admin')
  const post = (path: string, body?: unknown) => () => ask(path, { method: 'POST', body })
  return (
    <>
      <dl class="figures">
        <div><dt>State</dt><dd class={state === 'running' || state === 'starting' ? '' : 'bad'}>{flowsWords[state] ?? state}{since !== null && <span class="muted"> for <Age since={Date.parse(since)} /></span>}</dd></div>
        <div><dt>Restarts</dt><dd>{restarts}</dd></div>
        {memoryBytes !== null && <div><dt>Memory</dt><dd>{bytes(memoryBytes)}</dd></div>}
        {lastError !== null && <div><dt>Last error</dt><dd>{lastError.message} <span class="muted"><Age since={Date.parse(lastError.at)} suffix=" ago" /></span></dd></div>}
      </dl>
      {admin && <p class="actions">{editor !== null && <a href={editor} target="_blank" rel="noopener">Open the editor</a>}<button type="button" disabled={isAway()} onClick={() => onAsk('Restart flows', post('flows/restart'))}>Restart …</button></p>}
      {versions.length > 0 && (
        <details>
          <summary>{versions.length} earlier versions</summary>
          <ul>{versions.map(({ id, replacedAt, tabs, nodes }) => <li key={id} data-version={id}><span>until {absolute(Date.parse(replacedAt))} <span class="muted">{tabs} tabs, {nodes} nodes</span></span>{admin && <button type="button" disabled={isAway()} onClick={() => onAsk('Roll back flows', post('flows/rollback', { version: id }))}>Roll back …</button>}</li>)}</ul>
        </details>
      )}
    </>
  )
}
