import { signal } from '@preact/signals'
import { Dialog } from './dialog.tsx'
import { PriorityMark } from './priority-mark.tsx'

export const helpOpen = signal(false)

const keys = [
  ['↑ ↓', 'choose an alarm or a device'],
  ['Enter', 'open it'],
  ['a', 'acknowledge'],
  ['s', 'shelve'],
  ['c', 'comment'],
  ['/', 'search'],
  ['g then o, a, d', 'overview, alarms, devices'],
  ['g then r, h, k, s', 'rules, history, KPI, system'],
  ['Esc', 'close, back'],
  ['?', 'this help'],
] as const

/** What the signs mean and which keys do what. */
export function HelpDialog() {
  if (!helpOpen.value) return null
  return (
    <Dialog title="Help" onClose={() => (helpOpen.value = false)}>
      <h3>Signs</h3>
      <ul class="legend">
        <li><PriorityMark priority="high" /> high</li>
        <li><PriorityMark priority="medium" /> medium</li>
        <li><PriorityMark priority="low" /> low</li>
        <li><PriorityMark priority="technical" /> technical: about a sensor, a device or the gateway</li>
        <li><PriorityMark priority="high" form="filled" /> not acknowledged</li>
        <li><PriorityMark priority="high" form="outlined" /> acknowledged, still there</li>
        <li><PriorityMark priority="high" form="hatched" /> gone back, not acknowledged</li>
      </ul>
      <h3>Keys</h3>
      <dl class="keys">
        {keys.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}
      </dl>
    </Dialog>
  )
}
