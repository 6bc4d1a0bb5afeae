import { signal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { ErrorState, Loading } from './empty.tsx'

/** The first page is drawn by then. */
const afterMs = 1_000
const parts: (() => Promise<void>)[] = []

/** A part of the dashboard with a script of its own, which comes when it is first wanted, or with `fetchRest`. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const found = signal<ComponentType<P> | 'waiting' | 'failed'>('waiting')
  let under: Promise<void> | undefined
  const begin = (): Promise<void> => (under ??= load().then(
    (component) => void (found.value = component),
    () => {
      found.value = 'failed'
      under = undefined
    },
  ))
  parts.push(begin)
  return function Lazy(props: P) {
    useEffect(() => void begin(), [])
    const Part = found.value
    if (Part === 'waiting') return <Loading />
    // Another version of the gateway has other scripts: the whole page is to be loaded anew.
    if (Part === 'failed') return <ErrorState title="This part of the dashboard could not be loaded" onRetry={() => location.reload()} />
    return <Part {...props} />
  }
}

/** What was not needed at first, a little later: a page that was open goes on when the gateway is away. */
export function fetchRest(): void {
  const fetchAll = async (): Promise<void> => {
    for (const begin of parts) await begin()
  }
  setTimeout(() => void fetchAll(), afterMs)
}
