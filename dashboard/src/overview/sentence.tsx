import { isUnacked } from '../data/alarm-list.ts'
import { counts, devices, gateway, pulse, standing } from '../data/state.ts'
import { AsOf } from '../parts/as-of.tsx'
import { Age } from '../parts/time.tsx'
import { checkName } from './health.tsx'
import { troubleOf } from './trouble-list.ts'
import { verdictOf } from './verdict.ts'

/** Is anything wrong? In a sentence; and that readings still come. */
export function Sentence() {
  const offline = troubleOf(devices.value.values(), standing.value).filter(({ device, technical }) => device?.status === 'offline' && technical.length === 0).length
  const unwell = Object.entries(gateway.value?.health.checks ?? {}).flatMap(([name, { ok }]) => (ok ? [] : [checkName(name)]))
  const verdict = verdictOf({ counts: counts.value, unacked: standing.value.filter(isUnacked).length, offline, unwell })
  return (
    <div class={`verdict${verdict === undefined ? '' : ' verdict-wrong'}`}>
      <h1>{verdict ?? 'Nothing is wrong.'}</h1>
      <p class="muted"><Fleet /> <AsOf /></p>
    </div>
  )
}

/** "42 devices, newest reading 1 s ago" */
function Fleet() {
  const number = pulse.value?.devices ?? devices.value.size
  const newest = pulse.value?.newest ?? null
  return <>{number} {number === 1 ? 'device' : 'devices'}, {newest === null ? 'no reading since the gateway started' : <>newest reading <Age since={newest} suffix=" ago" /></>}</>
}
