import { useSignal } from '@preact/signals'
import { ask } from '../data/api.ts'
import type { DeviceSummary } from '../data/state.ts'
import { putDevices } from '../data/state.ts'
import { Dialog, DialogEnd } from '../parts/dialog.tsx'
import { isAtLeast, isAway } from '../parts/permission.ts'
import { tell, tellWrong } from '../parts/toasts.tsx'
import { readLabels, writeLabels } from './read-value.ts'

async function put(id: string, change: Pick<DeviceSummary, 'type' | 'labels'>): Promise<boolean> {
  try {
    putDevices([await ask<DeviceSummary>(`devices/${encodeURIComponent(id)}`, { method: 'PUT', body: change })])
    return true
  } catch (thrown) {
    tellWrong(thrown)
    return false
  }
}

/** Type and labels, for admins. What was before can be brought back for as long as the toast stands. */
export function EditDevice({ device }: { device: DeviceSummary }) {
  const open = useSignal(false)
  if (!isAtLeast('admin')) return null
  return (
    <>
      <button type="button" disabled={isAway()} onClick={() => (open.value = true)}>Edit …</button>
      {open.value && <EditDialog device={device} onClose={() => (open.value = false)} />}
    </>
  )
}

function EditDialog({ device, onClose }: { device: DeviceSummary; onClose: () => void }) {
  const type = useSignal(device.type ?? '')
  const text = useSignal(writeLabels(device.labels))
  const labels = readLabels(text.value)
  const wrong = typeof labels === 'string' ? labels : undefined
  async function save(): Promise<void> {
    if (typeof labels === 'string') return
    const { id, type: typeBefore, labels: labelsBefore } = device
    if (!(await put(id, { type: type.value.trim() === '' ? null : type.value.trim(), labels }))) return
    onClose()
    tell(`${id} is changed`, { undo: () => void put(id, { type: typeBefore, labels: labelsBefore }) })
  }
  return (
    <Dialog title={`Edit ${device.id}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => { event.preventDefault(); void save() }}>
        <label>Type<input value={type.value} maxLength={256} onInput={(event) => (type.value = event.currentTarget.value)} /></label>
        <label>Labels, name=value, one a line<textarea rows={5} value={text.value} aria-invalid={wrong !== undefined} aria-describedby="labels-wrong" onInput={(event) => (text.value = event.currentTarget.value)} /></label>
        <p id="labels-wrong" class="bad" role="status">{wrong}</p>
        <DialogEnd button="Save" off={wrong !== undefined} onCancel={onClose} />
      </form>
    </Dialog>
  )
}
