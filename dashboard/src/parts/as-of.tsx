import { connection } from '../data/state.ts'
import { timeOfDay } from './format.ts'

/** Beside a heading while the gateway is away: what is below is of then. */
export function AsOf() {
  const state = connection.value
  return state.state === 'away' ? <span class="chip chip-bad">as of {timeOfDay(state.since)}</span> : null
}
