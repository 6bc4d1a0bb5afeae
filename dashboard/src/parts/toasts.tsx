import { signal } from '@preact/signals'

interface Toast { readonly key: number; readonly text: string; readonly kind: 'done' | 'wrong'; readonly undo?: (() => void) | undefined }

const toasts = signal<readonly Toast[]>([])
const shownMs = 10_000
let nextKey = 1

/** Says that something was done, for 10 s; with a way back where there is one. */
export function tell(text: string, options: { undo?: () => void; kind?: Toast['kind'] } = {}): void {
  const toast: Toast = { key: nextKey++, text, kind: options.kind ?? 'done', undo: options.undo }
  toasts.value = [...toasts.value.slice(-3), toast]
  setTimeout(() => dismiss(toast.key), shownMs)
}

export function tellWrong(thrown: unknown): void {
  tell(thrown instanceof Error ? thrown.message : String(thrown), { kind: 'wrong' })
}

/** The button that was pressed goes; the focus stays on the page. */
function close(key: number): void {
  dismiss(key)
  document.querySelector<HTMLElement>('#main')?.focus({ preventScroll: true })
}

function dismiss(key: number): void {
  toasts.value = toasts.value.filter((toast) => toast.key !== key)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ key, text, kind, undo }) => (
        <div key={key} class={`toast toast-${kind}`}>
          <span>{text}</span>
          {undo !== undefined && <button type="button" onClick={() => { close(key); undo() }}>Undo</button>}
          <button type="button" class="quiet" aria-label="Dismiss" onClick={() => close(key)}>×</button>
        </div>
      ))}
    </div>
  )
}
