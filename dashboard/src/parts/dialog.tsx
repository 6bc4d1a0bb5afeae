import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { isAway } from './permission.ts'

/** A modal dialog; Escape and a click beside it close it, and the focus goes back to where it was. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null)
  // At once, not after the next paint: what it was opened from may be gone by then.
  useLayoutEffect(() => {
    const dialog = element.current!
    const before = document.activeElement
    if (!dialog.open) dialog.showModal()
    return () => {
      dialog.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog ref={element} class="dialog" aria-labelledby="dialog-title" onCancel={(event) => { event.preventDefault(); onClose() }} onClick={(event) => event.target === element.current && onClose()}>
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id="dialog-title">{title}</h2>
          <button type="button" class="quiet" aria-label="Close" onClick={onClose}>×</button>
        </header>
        {children}
      </div>
    </dialog>
  )
}

/** The two buttons at its end; without `onDo` the second one sends the form it stands in. */
export function DialogEnd({ button, off = false, onCancel, onDo }: { button: string; off?: boolean; onCancel: () => void; onDo?: () => void }) {
  return (
    <p class="end">
      <button type="button" onClick={onCancel}>Cancel</button>
      <button type={onDo === undefined ? 'submit' : 'button'} class="primary" disabled={off || isAway()} {...(onDo === undefined ? {} : { onClick: onDo })}>{button}</button>
    </p>
  )
}
