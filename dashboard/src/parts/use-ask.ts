import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ask } from '../data/api.ts'
import { connection } from '../data/state.ts'

export interface Asked<T> {
  /** Of the last answer; stays while it is asked anew. */
  readonly data: T | undefined
  readonly error: { readonly status: number; readonly message: string } | undefined
  readonly reload: () => void
}

const reader = <T>(path: string, signal: AbortSignal): Promise<T> => ask<T>(path, { signal })

/** What the gateway answers on this path; asked anew when the path or `news` changes, and when the gateway is back. */
export function useAsk<T>(path: string, { news = 0, read = reader }: { news?: unknown; read?: (path: string, signal: AbortSignal) => Promise<T> } = {}): Asked<T> {
  const data = useSignal<{ path: string; data: T } | undefined>(undefined)
  const error = useSignal<Asked<T>['error']>(undefined)
  const again = useSignal(0)
  const away = connection.value.state === 'away'
  useEffect(() => {
    if (away) return undefined
    const abort = new AbortController()
    read(path, abort.signal).then(
      (answer) => {
        if (abort.signal.aborted) return
        data.value = { path, data: answer }
        error.value = undefined
      },
      (thrown: unknown) => {
        if (!abort.signal.aborted) error.value = { status: (thrown as { status?: number }).status ?? 0, message: thrown instanceof Error ? thrown.message : String(thrown) }
      },
    )
    return () => abort.abort()
  }, [path, news, away, again.value])
  return { data: data.value?.path === path ? data.value.data : undefined, error: error.value, reload: () => void again.value++ }
}
