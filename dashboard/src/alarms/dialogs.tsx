import { signal } from '@preact/signals'
import { useState } from 'preact/hooks'
import { gatewayTime } from '../data/clock.ts'
import type { Alarm } from '../data/alarm-list.ts'
import { Dialog } from '../parts/dialog.tsx'
import { act, acknowledge, whyNot } from './act.ts'
import type { ScreenVerb } from './actions.ts'
import { shelvingChoices } from './actions.ts'
import { titleOf } from './words.ts'

type AskedVerb = 'ack' | 'shelve' | 'comment' | 'out-of-service' | 'return-to-service'

/** The question that is open, about the alarm as it was when it was asked. */
const asked = signal<{ readonly verb: AskedVerb; readonly alarm: Alarm } | null>(null)

export function askFor(verb: AskedVerb, alarm: Alarm): void {
  asked.value = { verb, alarm }
}

/** Does at once what needs no question, and asks where there is one. */
export function start(verb: ScreenVerb, alarm: Alarm): void {
  switch (verb) {
    case 'ack':
      return void acknowledge(alarm)
    case 'reset':
      return void act(alarm, verb, { occurrence: alarm.occurrence })
    case 'unshelve':
    case 'unsuppress':
      return void act(alarm, verb)
    default:
      return askFor(verb, alarm)
  }
}

export function AlarmDialogs() {
  const question = asked.value
  if (question === null) return null
  const key = `${question.verb} ${question.alarm.id}`
  return question.verb === 'shelve' ? <ShelveDialog key={key} alarm={question.alarm} /> : <NoteDialog key={key} verb={question.verb} alarm={question.alarm} />
}

function close(): void {
  asked.value = null
}

const questions = {
  ack: { title: 'Acknowledge with a note', label: 'Note', button: 'Acknowledge', needed: false, explain: undefined },
  comment: { title: 'Comment', label: 'Comment', button: 'Write comment', needed: true, explain: undefined },
  'out-of-service': { title: 'Take out of service?', label: 'Why', button: 'Take out of service', needed: true, explain: 'It raises nobody until it is returned to service. Every occurrence is still recorded.' },
  'return-to-service': { title: 'Return to service?', label: 'Note', button: 'Return to service', needed: false, explain: 'It is announced again from now on; at once, if its condition is true.' },
} as const

function NoteDialog({ verb, alarm }: { verb: Exclude<AskedVerb, 'shelve'>; alarm: Alarm }) {
  const [note, setNote] = useState('')
  const { title, label, button, needed, explain } = questions[verb]
  const submit = (event: Event): void => {
    event.preventDefault()
    close()
    void (verb === 'ack' ? acknowledge(alarm, note) : act(alarm, verb, note.trim() === '' ? {} : { note: note.trim() }))
  }
  return (
    <Dialog title={title} onClose={close}>
      <form class="form" onSubmit={submit}>
        <p class="form-about">{titleOf(alarm)}</p>
        {explain !== undefined && <p class="muted">{explain}</p>}
        <label class="field">{label}{needed ? '' : ' (optional)'}
          <textarea rows={3} maxLength={4_096} required={needed} autofocus value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <FormEnd button={button} off={needed && note.trim() === ''} />
      </form>
    </Dialog>
  )
}

function ShelveDialog({ alarm }: { alarm: Alarm }) {
  const choices = shelvingChoices(alarm.priority)
  const [chosen, setChosen] = useState(0)
  const [note, setNote] = useState('')
  const submit = (event: Event): void => {
    event.preventDefault()
    const { ms, oneShot } = choices[chosen]!
    close()
    void act(alarm, 'shelve', { until: new Date(gatewayTime() + ms).toISOString(), ...(oneShot ? { oneShot } : {}), ...(note.trim() === '' ? {} : { note: note.trim() }) })
  }
  return (
    <Dialog title="Shelve" onClose={close}>
      <form class="form" onSubmit={submit}>
        <p class="form-about">{titleOf(alarm)}</p>
        <fieldset class="choices">
          <legend>How long</legend>
          {choices.map(({ label }, index) => (
            <label key={label} class="choice">
              <input type="radio" name="how-long" checked={index === chosen} autofocus={index === 0} onChange={() => setChosen(index)} /> {label}
            </label>
          ))}
        </fieldset>
        {alarm.priority === 'high' && <p class="muted">A high-priority alarm can be shelved for at most 30 min.</p>}
        <label class="field">Why
          <input maxLength={1_000} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <FormEnd button="Shelve" />
      </form>
    </Dialog>
  )
}

function FormEnd({ button, off = false }: { button: string; off?: boolean }) {
  const why = whyNot()
  return (
    <div class="form-end">
      {why !== undefined && <span class="muted">{why}</span>}
      <button type="button" onClick={close}>Cancel</button>
      <button class="primary" disabled={off || why !== undefined}>{button}</button>
    </div>
  )
}
