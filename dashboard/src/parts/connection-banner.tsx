import { connection } from '../data/state.ts'
import { timeOfDay } from './format.ts'

/** Across the top while the gateway is away: since when, and that all that is shown is of then. */
export function ConnectionBanner() {
  const state = connection.value
  const away = state.state === 'away'
  return (
    <div role="status" aria-live="assertive">
      {away && (
        <div class="banner">
          <strong>No connection to the gateway since {timeOfDay(state.since)}.</strong> Everything below is as of then. It comes back by itself.
        </div>
      )}
    </div>
  )
}
