import { useSignal } from '@preact/signals'
import { ask } from '../data/api.ts'
import type { Page } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { Dialog, DialogEnd } from '../parts/dialog.tsx'
import { Panel } from '../parts/panel.tsx'
import { isAtLeast, isAway } from '../parts/permission.ts'
import { Age } from '../parts/time.tsx'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { whenRead } from '../parts/when-read.tsx'
import { Diff } from './diff.tsx'
import type { RuleItem } from './rule-item.ts'
import { byWords } from './rule-item.ts'
import { editPath, pathOf, putDraft, rulesRound } from './rules-data.ts'

interface Version { readonly revision: number; readonly action: 'put' | 'delete' | 'rollback' | 'file'; readonly by: string | null; readonly at: string; readonly text: string | null }

const actionWords: Readonly<Record<Version['action'], string>> = { put: 'written', delete: 'deleted', rollback: 'rolled back', file: 'read' }
const mostShown = 50

/** Every revision, with who and when; what it changed, and the way back to it. */
export function Versions({ id, rule }: { id: string; rule: RuleItem | null }) {
  const loaded = useLoaded(`versions ${id}`, (signal) => ask<Page<Version>>(pathOf(id, `/versions?limit=${mostShown}`), { signal }), `${rulesRound.value} ${rule?.revision}`)
  const opened = useSignal<number | null>(null)
  const asking = useSignal<number | null>(null)
  const versions = loaded.state === 'ready' ? loaded.data.items : []
  async function rollBack(revision: number): Promise<void> {
    asking.value = null
    try {
      const now = await ask<RuleItem>(editPath(id, { more: '/rollback', revision: rule?.revision }), { method: 'POST', body: { revision } })
      putDraft(id, undefined)
      rulesRound.value++
      tell(`${id} says again what revision ${revision} said; that is revision ${now.revision}`)
    } catch (thrown) {
      tellWrong(thrown)
    }
  }
  return (
    <Panel title="Revisions">
      {whenRead(loaded, 'The revisions', () => versions.length === 0 ? <p class="muted">None are kept.</p> : (
          <ol class="versions">
            {versions.map(({ revision, action, by, at }, index) => {
              const before = versions[index + 1]?.revision
              return (
                <li key={revision} data-revision={revision}>
                  <span class="version-words"><b>{revision}</b> {actionWords[action] ?? action}{byWords(by)} <span class="muted"><Age since={Date.parse(at)} suffix=" ago" />{revision === rule?.revision ? ', runs' : ''}</span></span>
                  <span class="version-actions">
                    {before !== undefined && <button type="button" class="quiet" aria-expanded={opened.value === revision} aria-label={`What revision ${revision} changed`} onClick={() => (opened.value = opened.value === revision ? null : revision)}>What changed</button>}
                    {isAtLeast('admin') && action !== 'delete' && revision !== rule?.revision && <button type="button" class="quiet" aria-label={`Roll back to revision ${revision}`} disabled={isAway()} onClick={() => (asking.value = revision)}>Roll back …</button>}
                  </span>
                  {opened.value === revision && before !== undefined && <Diff id={id} from={before} to={revision} />}
                </li>
              )
            })}
          </ol>
        ))}
      {loaded.state === 'ready' && loaded.data.next !== null && <p class="muted">Older ones are kept, and not shown.</p>}
      {asking.value !== null && (
        <Dialog title={`Roll back to revision ${asking.value}?`} onClose={() => (asking.value = null)}>
          {rule === null ? <p>The rule is there again as it was then.</p> : <Diff id={id} from={rule.revision} to={asking.value} />}
          <p class="muted">It becomes a new revision; none is lost. If its condition changes, its alarms end.</p>
          <DialogEnd button="Roll back" onCancel={() => (asking.value = null)} onDo={() => void rollBack(asking.value!)} />
        </Dialog>
      )}
    </Panel>
  )
}
