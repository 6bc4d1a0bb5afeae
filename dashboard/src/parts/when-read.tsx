import type { ComponentChildren } from 'preact'
import type { Loaded } from '../data/loaded.ts'
import { ErrorState, Loading } from './empty.tsx'

/** What was read; until then that it is being read, or why it could not be. */
export function whenRead<T>(loaded: Loaded<T> & { readonly reload: () => void }, what: string, show: (data: T) => ComponentChildren): ComponentChildren {
  switch (loaded.state) {
    case 'loading':
      return <Loading />
    case 'failed':
      return <ErrorState title={`${what} could not be read`} detail={loaded.reason} onRetry={loaded.reload} />
    case 'ready':
      return show(loaded.data)
    default:
      return loaded satisfies never
  }
}
