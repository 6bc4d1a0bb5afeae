import type { RuleState as State } from './rule-item.ts'
import { stateMeaning } from './rule-item.ts'

const signs: Readonly<Record<State, string>> = { live: '●', shadow: '◐', off: '○', faulty: '◆' }

/** Sign and word; grey but for what is wrong. */
export function RuleState({ state }: { state: State }) {
  return <span class={state === 'faulty' ? 'bad' : 'muted'} title={stateMeaning[state]}><span aria-hidden="true">{signs[state]}</span> {state}</span>
}
