import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Command } from '../../../gateway/kernel/device-contracts.ts'
import type { Value } from '../../../gateway/kernel/reading.ts'
import { ask, askAll } from '../data/api.ts'
import { onHappened } from '../data/happened.ts'
import { useLoaded } from '../data/loaded.ts'
import { Dialog, DialogEnd } from '../parts/dialog.tsx'
import { duration, valueText } from '../parts/format.ts'
import { Panel } from '../parts/panel.tsx'
import { isAtLeast, isAway } from '../parts/permission.ts'
import { Age } from '../parts/time.tsx'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { readValue } from './read-value.ts'

const mostRead = 5_000
const mostShown = 20
const newsAfterMs = 1_000
const lifetimes = [['10s', '10 s'], ['30s', '30 s'], ['1min', '1 min'], ['5min', '5 min'], ['1h', '1 h']] as const
const failed = new Set(['rejected', 'expired', 'failed'])

export function Commands({ device }: { device: string }) {
  const news = useSignal(0)
  // A command goes through several states within a second: they are read once.
  useEffect(() => {
    let timer = 0
    const end = onHappened(({ event: { type, subject } }) => {
      if (subject === device && type.startsWith('limen.command.')) timer ||= window.setTimeout(() => { timer = 0; news.value++ }, newsAfterMs)
    })
    return () => {
      clearTimeout(timer)
      end()
    }
  }, [device])
  const loaded = useLoaded('commands', () => askAll<Command>('commands', mostRead), news.value)
  const own = (loaded.state === 'ready' ? loaded.data : []).filter((command) => command.device === device).sort((a, b) => b.issuedAt.localeCompare(a.issuedAt))
  return (
    <Panel title="Commands">
      {isAtLeast('operator') && <SendCommand device={device} actuators={[...new Set(own.map(({ actuator }) => actuator))]} onSent={loaded.reload} />}
      {whenRead(loaded, 'Commands', () => own.length === 0 ? <p class="muted">No commands that are remembered.</p> : (
            <table class="stacks">
              <thead><tr><th scope="col">Actuator</th><th scope="col">Value</th><th scope="col">Status</th><th scope="col">When</th><th scope="col">Cause</th></tr></thead>
              <tbody>
                {own.slice(0, mostShown).map(({ id, actuator, value, status, issuedAt, cause, reason, tries, ttlMs }) => (
                  <tr key={id} data-command={id}>
                    <td>{actuator}</td>
                    <td class="number">{valueText(value)}</td>
                    <td><span class={failed.has(status) ? 'bad' : ''}>{failed.has(status) && <span aria-hidden="true">◆ </span>}{status}</span>{reason !== null && <span class="muted"> {reason}</span>}{tries > 1 && <span class="muted"> ({tries} tries)</span>}</td>
                    <td><Age since={Date.parse(issuedAt)} suffix=" ago" /> <span class="muted">for {duration(ttlMs)}</span></td>
                    <td>{cause.startsWith('manual:') ? `by ${cause.slice(7)}` : <a href={`/alarms/${encodeURIComponent(cause)}`}>alarm</a>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          ))}
    </Panel>
  )
}

function SendCommand({ device, actuators, onSent }: { device: string; actuators: readonly string[]; onSent: () => void }) {
  const actuator = useSignal('')
  const text = useSignal('')
  const ttl = useSignal('30s')
  const asking = useSignal(false)
  const busy = useSignal(false)
  const value = readValue(text.value)
  async function send(): Promise<void> {
    busy.value = true
    try {
      await ask('commands', { method: 'POST', body: { device, actuator: actuator.value.trim(), value, ttl: ttl.value } })
      tell(`Sent ${actuator.value} = ${said(value)} to ${device}`)
      text.value = ''
      onSent()
    } catch (thrown) {
      tellWrong(thrown)
    } finally {
      busy.value = false
      asking.value = false
    }
  }
  return (
    <form class="filters" aria-label="Send a command" onSubmit={(event) => { event.preventDefault(); asking.value = true }}>
      <input required aria-label="Actuator" placeholder="Actuator" list="actuators" value={actuator.value} onInput={(event) => (actuator.value = event.currentTarget.value)} />
      <datalist id="actuators">{actuators.map((name) => <option key={name} value={name} />)}</datalist>
      <input required aria-label="Value" placeholder="Value: 21.5, true, open" value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} />
      <select aria-label="Valid for" value={ttl.value} onChange={(event) => (ttl.value = event.currentTarget.value)}>{lifetimes.map(([key, shown]) => <option key={key} value={key}>valid {shown}</option>)}</select>
      <button type="submit" disabled={isAway() || busy.value}>Send …</button>
      {asking.value && (
        <Dialog title="Send this command?" onClose={() => (asking.value = false)}>
          <p><strong>{actuator.value} = {said(value)}</strong> to {device}. If it does not get there within {lifetimes.find(([key]) => key === ttl.value)?.[1]}, it is not carried out.</p>
          <DialogEnd button="Send" off={busy.value} onCancel={() => (asking.value = false)} onDo={() => void send()} />
        </Dialog>
      )}
    </form>
  )
}

function said(value: Value): string {
  return typeof value === 'string' ? `“${value}”` : String(value)
}
