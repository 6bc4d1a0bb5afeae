import { ask } from '../data/api.ts'
import { useLoaded } from '../data/loaded.ts'
import { whenRead } from '../parts/when-read.tsx'
import { pathOf } from './rules-data.ts'

/** What differs between two revisions: a sign before each line that came or went. */
export function Diff({ id, from, to }: { id: string; from: number; to: number }) {
  const query = `/diff?from=${from}&to=${to}`
  const loaded = useLoaded(`${id} ${query}`, (signal) => ask<{ readonly diff: string }>(pathOf(id, query), { signal }))
  return <>{whenRead(loaded, 'What differs', ({ diff }) => <Lines diff={diff} label={`From revision ${from} to ${to}`} />)}</>
}

function Lines({ diff, label }: { diff: string; label: string }) {
  // The names of what is compared stand above already.
  const lines = diff.split('\n').filter((line) => line !== '' && !/^(?:---|\+\+\+) /.test(line))
  if (lines.length === 0) return <p class="muted">They say the same.</p>
  return (
    <pre class="diff" tabIndex={0} aria-label={label}>
      {lines.map((line, index) => <span key={index} class={line.startsWith('+') ? 'diff-new' : line.startsWith('-') ? 'diff-gone' : 'muted'}>{line}{'\n'}</span>)}
    </pre>
  )
}
