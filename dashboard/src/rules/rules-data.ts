import { signal } from '@preact/signals'
import { bySession } from '../alarms/acting-as.tsx'
import { onHappened } from '../data/happened.ts'

/** Rises when rules were changed, by whomever. */
export const rulesRound = signal(0)

onHappened(({ event: { type } }) => {
  if (type === 'limen.gateway.rules-changed') rulesRound.value++
})

/** What somebody wrote and did not save; kept while one looks elsewhere. By id; '': a new rule. */
export interface Draft { readonly text: string; /** Of the rule it began from; undefined: there is none. */ readonly revision: number | undefined; readonly before: string }
export const drafts = signal<ReadonlyMap<string, Draft>>(new Map())

/** Another page takes all of it along, and so does a reload: one is asked first. */
addEventListener('beforeunload', (event) => drafts.value.size > 0 && event.preventDefault())

export function putDraft(id: string, draft: Draft | undefined): void {
  const next = new Map(drafts.value)
  if (draft === undefined || draft.text === draft.before) next.delete(id)
  else next.set(id, draft)
  drafts.value = next
}

export function pathOf(id: string, more = ''): string {
  return `rules/${encodeURIComponent(id)}${more}`
}

/** Of an edit: who, where nobody is logged in, and the revision it was made on. */
export function editPath(id: string, { more = '', revision }: { more?: string; revision?: number | undefined } = {}): string {
  return `${pathOf(id, more)}?${new URLSearchParams({ ...bySession(), ...(revision === undefined ? {} : { ifRevision: String(revision) }) }).toString()}`
}
