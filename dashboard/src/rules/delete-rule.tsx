import { useSignal } from '@preact/signals'
import { ask } from '../data/api.ts'
import { Dialog, DialogEnd } from '../parts/dialog.tsx'
import { isAway } from '../parts/permission.ts'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { navigate } from '../router.ts'
import type { RuleItem } from './rule-item.ts'
import { editPath, putDraft, rulesRound } from './rules-data.ts'

/** Asked once; it can be brought back for as long as the toast stands, and from its revisions later. */
export function DeleteRule({ rule: { id, text, revision } }: { rule: RuleItem }) {
  const asking = useSignal(false)
  const close = (): void => void (asking.value = false)
  async function remove(): Promise<void> {
    close()
    // First: the page of a rule that is gone would ask for it once more.
    navigate('/rules')
    try {
      await ask(editPath(id, { revision }), { method: 'DELETE' })
      putDraft(id, undefined)
      rulesRound.value++
      tell(`${id} is deleted`, { undo: () => void ask(editPath(id, { revision: 0 }), { method: 'PUT', yaml: text }).then(() => rulesRound.value++, tellWrong) })
    } catch (thrown) {
      tellWrong(thrown)
    }
  }
  return (
    <>
      <button type="button" disabled={isAway()} onClick={() => (asking.value = true)}>Delete …</button>
      {asking.value && (
        <Dialog title={`Delete ${id}?`} onClose={close}>
          <p>It evaluates no more, and its alarms end. Its revisions stay; each can be brought back.</p>
          <DialogEnd button="Delete" onCancel={close} onDo={() => void remove()} />
        </Dialog>
      )}
    </>
  )
}
