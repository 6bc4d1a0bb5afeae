import type { DeviceSummary } from '../data/state.ts'

const signs = { online: '●', offline: '✕', unknown: '?' } as const

/** In word and sign; grey while all is well. */
export function Presence({ status }: { status: DeviceSummary['status'] }) {
  return <span class={`presence presence-${status}`}><span aria-hidden="true">{signs[status]}</span> {status}</span>
}

export function Labels({ labels }: { labels: Readonly<Record<string, string>> }) {
  return <>{Object.entries(labels).map(([name, value]) => <span key={name} class="tag">{name}: {value}</span>)}</>
}
