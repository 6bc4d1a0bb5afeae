import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiProblem, ask } from '../data/api.ts'
import { isAtLeast, isAway } from '../parts/permission.ts'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { navigate, route, setQuery } from '../router.ts'
import { Conflict } from './conflict.tsx'
import { DeleteRule } from './delete-rule.tsx'
import { RuleForm } from './rule-form.tsx'
import type { RuleCheck, RuleItem, RuleProblem } from './rule-item.ts'
import { byWords } from './rule-item.ts'
import { drafts, editPath, pathOf, putDraft, rulesRound } from './rules-data.ts'
import { TextEditor } from './text-editor.tsx'
import { TryOut } from './try-out.tsx'
import { readForm } from './written-rule.ts'

const newText = 'id: \non: { metric: "" }\nwhen: { level: {} }\nmode: shadow\n'
const checkAfterMs = 400

/** The rule's text, as fields or as it is; checked by the gateway while one writes, tried on what was, saved. */
export function RuleEditor({ rule: read }: { rule: RuleItem | undefined }) {
  // What was saved here runs before it is read anew.
  const saved = useSignal<RuleItem | null>(null)
  const rule = saved.value !== null && saved.value.revision > (read?.revision ?? 0) ? saved.value : read
  const key = rule?.id ?? ''
  const { text, revision, before } = drafts.value.get(key) ?? { text: rule?.text ?? newText, revision: rule?.revision, before: rule?.text ?? newText }
  const check = useSignal<RuleCheck | null>(null)
  const theirs = useSignal<RuleItem | null>(null)
  const busy = useSignal(false)
  const mayTry = isAtLeast('operator')
  const maySave = isAtLeast('admin')
  const changed = text !== before
  const write = (next: string): void => putDraft(key, { text: next, revision, before })

  useEffect(() => {
    if (!mayTry || isAway()) return undefined
    const stop = new AbortController()
    const timer = setTimeout(() => {
      ask<RuleCheck>(`rules/check${rule === undefined ? '' : `?id=${encodeURIComponent(rule.id)}`}`, { method: 'POST', yaml: text, signal: stop.signal }).then((found) => (check.value = found), () => {
        if (!stop.signal.aborted) check.value = null
      })
    }, checkAfterMs)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [text, mayTry, isAway()])

  async function save(over: number | undefined): Promise<void> {
    const form = readForm(text)
    const id = rule?.id ?? check.value?.rule?.id ?? ('fields' in form ? form.fields['id'] : undefined)
    if (id === undefined || id === '') return tell('Give the rule an id first.', { kind: 'wrong' })
    busy.value = true
    try {
      const now = await ask<RuleItem>(editPath(id, { revision: over ?? 0 }), { method: 'PUT', yaml: text })
      putDraft(key, undefined)
      theirs.value = null
      if (rule !== undefined) saved.value = now
      rulesRound.value++
      const undo = over === undefined ? {} : { undo: () => void ask(editPath(id, { more: '/rollback', revision: now.revision }), { method: 'POST', body: { revision: over } }).then(() => rulesRound.value++, tellWrong) }
      tell(`${id} is saved as revision ${now.revision}, ${now.state}`, undo)
      if (rule === undefined) navigate(`/rules/${encodeURIComponent(id)}`)
    } catch (thrown) {
      const { status, document } = thrown instanceof ApiProblem ? thrown : { status: 0, document: {} }
      if ('problems' in document) check.value = { ok: false, problems: document['problems'] as readonly RuleProblem[], rule: null }
      const running = status === 409 ? await ask<RuleItem>(pathOf(id)).catch(() => null) : null
      if (running === null) tellWrong(thrown)
      else theirs.value = running
    } finally {
      busy.value = false
    }
  }

  const form = readForm(text)
  const view = 'why' in form || route.value.query.get('view') === 'text' ? 'text' : 'form'
  // Of a rule of which nothing is written yet nothing is wrong either.
  const begun = rule !== undefined || changed
  const problems = begun ? (check.value?.problems ?? []) : []
  return (
    <>
      <section class="panel rule-editor" aria-label="The rule">
        <div class="title-row">
          <div class="segments" role="group" aria-label="View">
            <button type="button" class="toggle" aria-pressed={view === 'form'} disabled={'why' in form} onClick={() => setQuery({ view: undefined })}>Form</button>
            <button type="button" class="toggle" aria-pressed={view === 'text'} onClick={() => setQuery({ view: 'text' })}>Text</button>
          </div>
          <p class={problems.length > 0 ? 'bad' : 'muted'} role="status">{!mayTry ? 'Administrators change it, operators may try.' : problems.length > 0 ? <><span aria-hidden="true">◆ </span>{problems.length === 1 ? '1 problem' : `${problems.length} problems`}</> : check.value === null || !begun ? '' : '✓ checked, nothing wrong'}{changed && ' · not saved'}</p>
        </div>
        {'why' in form && <p class="muted">As text only: {form.why}.</p>}
        {view === 'form' && !('why' in form)
          ? <RuleForm form={form} text={text} isNew={rule === undefined} problems={problems} disabled={!mayTry} onWrite={write} />
          : <TextEditor text={text} problems={problems} readOnly={!mayTry} onWrite={write} />}
        {theirs.value !== null && <Conflict theirs={theirs.value} revision={revision} onTake={() => { putDraft(key, undefined); theirs.value = null; rulesRound.value++ }} onOver={(running) => void save(running)} />}
        {rule !== undefined && changed && revision !== rule.revision && theirs.value === null && <p class="muted" role="status">Meanwhile revision {rule.revision} runs{byWords(rule.changedBy)}. What you wrote began from revision {revision}.</p>}
        {mayTry && (
          <div class="more-actions rule-actions">
            {maySave && <button type="button" class="primary" disabled={isAway() || busy.value || !changed} onClick={() => void save(revision)}>Save</button>}
            {changed && <button type="button" onClick={() => putDraft(key, undefined)}>Discard changes</button>}
            {maySave && rule !== undefined && <DeleteRule rule={rule} />}
            {!maySave && <span class="muted">You may try it; an administrator saves it.</span>}
          </div>
        )}
      </section>
      {mayTry && <TryOut key={key} text={text} rule={check.value?.rule ?? rule ?? null} />}
    </>
  )
}
