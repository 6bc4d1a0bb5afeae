import { signal, useSignal } from '@preact/signals'
import type { DeadLetter } from '../../../gateway/kernel/contracts.ts'
import { ask, askAll } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { Dialog, DialogEnd } from '../parts/dialog.tsx'
import { Panel } from '../parts/panel.tsx'
import { isAtLeast, isAway } from '../parts/permission.ts'
import { Age } from '../parts/time.tsx'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { groupDead } from './balance.ts'

const mostRead = 2_000
const mostShown = 50
/** As long as the toast with its "Undo" stands. */
const undoMs = 10_000

/** Given up, but not yet: for so long it can be taken back. */
const leaving = signal<ReadonlySet<string>>(new Set())
/** Rises when some of them are gone. */
const round = signal(0)

function without(ids: readonly string[]): void {
  leaving.value = new Set([...leaving.value].filter((id) => !ids.includes(id)))
}

/** One after the other; what is not there any more is as good as done. */
async function each(ids: readonly string[], act: (path: string) => Promise<unknown>): Promise<void> {
  try {
    for (const id of ids) {
      await act(`dead-letters/${encodeURIComponent(id)}`).catch((thrown: { status?: number }) => {
        if (thrown.status !== 404) throw thrown
      })
    }
  } catch (thrown) {
    tellWrong(thrown)
  }
  without(ids)
  round.value++
}

function redrive(ids: readonly string[]): void {
  void each(ids, (path) => ask(`${path}/redrive`, { method: 'POST' })).then(() => tell(`${ids.length} sent again`))
}

function discard(ids: readonly string[], why: string): void {
  leaving.value = new Set([...leaving.value, ...ids])
  const timer = setTimeout(() => void each(ids, (path) => ask(path, { method: 'DELETE', body: { why } })), undoMs)
  tell(`${ids.length} discarded`, { undo: () => { clearTimeout(timer); without(ids) } })
}

/** What could not be delivered, by cause. */
export function DeadLetters({ tick }: { tick: number }) {
  const loaded = useLoaded('dead letters', () => askAll<DeadLetter>('dead-letters', mostRead), `${tick} ${round.value}`)
  const asking = useSignal<{ readonly verb: 'Redrive' | 'Discard'; readonly ids: readonly string[] } | null>(null)
  const groups = loaded.state === 'ready' ? groupDead(loaded.data.filter(({ id }) => !leaving.value.has(id))) : []
  const admin = isAtLeast('admin')
  const buttons = (ids: readonly string[]) => admin && (
    <span class="actions">
      {(['Redrive', 'Discard'] as const).map((verb) => <button key={verb} type="button" disabled={isAway()} onClick={() => (asking.value = { verb, ids })}>{verb}{ids.length > 1 ? ` all ${ids.length}` : ''} …</button>)}
    </span>
  )
  return (
    <Panel title="Dead letters">
      {whenRead(loaded, 'Dead letters', () => groups.length === 0 ? <p class="muted">None: everything went out or is on its way.</p>
          : groups.map(({ target, cause, letters }) => (
            <details key={`${target} ${cause}`} class="dead">
              <summary><span class="bad" aria-hidden="true">◆ </span><b class="number">{letters.length}</b> to {target}: {cause}</summary>
              {letters.length > 1 && buttons(letters.map(({ id }) => id))}
              <ul>
                {letters.slice(0, mostShown).map(({ id, event, failedAt, attempts }) => (
                  <li key={id} data-dead-letter={id}>
                    <span><b>{event.type}</b> {event.subject} <span class="muted">given up <Age since={Date.parse(failedAt)} suffix=" ago" />, {attempts.length} {attempts.length === 1 ? 'attempt' : 'attempts'}{attempts.length > 0 && `, last answer: ${attempts.at(-1)!.answer}`}</span></span>
                    {buttons([id])}
                  </li>
                ))}
              </ul>
              {letters.length > mostShown && <p class="muted">and {letters.length - mostShown} more</p>}
            </details>
          )))}
      {asking.value !== null && <Ask {...asking.value} onClose={() => (asking.value = null)} />}
    </Panel>
  )
}

function Ask({ verb, ids, onClose }: { verb: 'Redrive' | 'Discard'; ids: readonly string[]; onClose: () => void }) {
  const why = useSignal('')
  const many = ids.length === 1 ? 'this dead letter' : `these ${ids.length} dead letters`
  const submit = (event: Event): void => {
    event.preventDefault()
    onClose()
    if (verb === 'Redrive') redrive(ids)
    else discard(ids, why.value.trim())
  }
  return (
    <Dialog title={`${verb} ${many}?`} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        {verb === 'Redrive' ? <p>Sent again, to the target that failed only.</p> : <label>Reason<input required maxLength={1_024} value={why.value} onInput={(event) => (why.value = event.currentTarget.value)} /></label>}
        <DialogEnd button={verb} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
