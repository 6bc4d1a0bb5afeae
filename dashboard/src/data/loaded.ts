import { useEffect, useRef, useState } from 'preact/hooks'
import { connection } from './state.ts'

export type Loaded<T> = { readonly state: 'loading' } | { readonly state: 'ready'; readonly data: T } | { readonly state: 'failed'; readonly reason: string }

/**
 * What the gateway answers, asked for anew when `key` or `news` changes and when the connection is back. While it is asked
 * for once more under the same key, and where that fails, what was read before stays.
 */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>, news?: unknown): Loaded<T> & { readonly reload: () => void } {
  const [shown, setShown] = useState<{ readonly key: string; readonly result: Loaded<T> }>({ key, result: { state: 'loading' } })
  const [round, setRound] = useState(0)
  const live = connection.value.state === 'live'
  const loading = useRef(load)
  loading.current = load
  useEffect(() => {
    if (!live) return undefined
    const stop = new AbortController()
    loading.current(stop.signal).then(
      (data) => !stop.signal.aborted && setShown({ key, result: { state: 'ready', data } }),
      (thrown: unknown) => {
        if (stop.signal.aborted) return
        const failed = { key, result: { state: 'failed' as const, reason: thrown instanceof Error ? thrown.message : String(thrown) } }
        setShown((before) => (before.key === key && before.result.state === 'ready' ? before : failed))
      },
    )
    return () => stop.abort()
  }, [key, live, round, news])
  const result: Loaded<T> = shown.key === key ? shown.result : { state: 'loading' }
  return { ...result, reload: () => setRound(round + 1) }
}
