import type { ComponentChildren } from 'preact'

/** A part of a page with its heading; `aside` stands beside the words of it. */
export function Panel({ title, aside, children }: { title: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return <section class="panel" aria-label={title}><h2>{title} {aside}</h2>{children}</section>
}
