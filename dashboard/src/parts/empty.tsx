import type { ComponentChildren } from 'preact'

export function Loading({ what = 'Loading' }: { what?: string }) {
  return <p class="loading" role="status">{what} …</p>
}

/** Nothing to show, and that is all right. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

export function ErrorState({ title, detail, onRetry }: { title: string; detail?: ComponentChildren; onRetry?: () => void }) {
  return (
    <div class="error-state" role="alert">
      <p class="empty-title">{title}</p>
      {detail !== undefined && <p>{detail}</p>}
      {onRetry !== undefined && <button type="button" onClick={onRetry}>Try again</button>}
    </div>
  )
}
