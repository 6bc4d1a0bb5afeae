import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { session } from '../data/state.ts'
import { Dialog } from '../parts/dialog.tsx'

const storageKey = 'limen.acting-as'
const defaultName = 'operator'

/** Who acts where nobody is logged in: goes into the journal with each action. */
export const actingAs = signal(remembered())
const open = signal(false)

function remembered(): string {
  try {
    return localStorage.getItem(storageKey) ?? defaultName
  } catch {
    return defaultName // storage is forbidden: the name lasts as long as the page
  }
}

function setActingAs(name: string): void {
  actingAs.value = name
  try {
    localStorage.setItem(storageKey, name)
  } catch {
    // As above.
  }
}

/** Of a session the gateway knows the name. */
export function bySession(): { by?: string } {
  return session.value === null || session.value.via === 'cookie' ? {} : { by: actingAs.value }
}

export function ActingAs() {
  const who = session.value
  if (who === null || who.via === 'cookie' || who.role === 'viewer') return null
  return (
    <button type="button" class="quiet acting-as" aria-label={`Acting as ${actingAs.value}: change the name`} onClick={() => (open.value = true)}>
      <span class="muted acting-as-words">Acting as</span> {actingAs.value}
    </button>
  )
}

export function ActingAsDialog() {
  return open.value ? <NameDialog /> : null
}

function NameDialog() {
  const [name, setName] = useState(actingAs.value)
  const close = (): void => void (open.value = false)
  const save = (event: Event): void => {
    event.preventDefault()
    setActingAs(name.trim() === '' ? defaultName : name.trim())
    close()
  }
  return (
    <Dialog title="Acting as" onClose={close}>
      <form class="form" onSubmit={save}>
        <p class="muted">Nobody has to log in on this machine. The name stands in the journal beside what you do.</p>
        <label class="field">Your name
          <input value={name} maxLength={80} autocomplete="name" autofocus onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <div class="form-end"><button class="primary">Save</button></div>
      </form>
    </Dialog>
  )
}
