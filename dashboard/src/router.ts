import { computed, signal } from '@preact/signals'

/** Where in the dashboard one is; filters live in the query, so that an address can be sent to somebody. */
export interface Route { readonly path: string; readonly query: URLSearchParams }

function here(): Route {
  return { path: location.pathname, query: new URLSearchParams(location.search) }
}

export const route = signal<Route>(here())
addEventListener('popstate', () => (route.value = here()))

/** Large type and no controls, for a screen on a wall. */
export const isWall = computed(() => route.value.query.has('wall'))

export function navigate(to: string, { replace = false }: { replace?: boolean } = {}): void {
  const url = new URL(to, location.href)
  if (isWall.peek() && !url.searchParams.has('wall')) url.searchParams.set('wall', '')
  const address = `${url.pathname}${url.search}`.replace(/wall=(?=&|$)/, 'wall')
  if (address === `${location.pathname}${location.search}`) return
  if (replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  route.value = here()
  if (!replace) scrollTo(0, 0)
}

/** Sets members of the query; undefined takes one away. Replaces the entry of the history: a filter is no page. */
export function setQuery(change: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(route.peek().query)
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined || value === '') query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  navigate(`${route.peek().path}${text === '' ? '' : `?${text}`}`, { replace: true })
}

/** Links of the dashboard do not load the page anew; with a modifier key they do what links do. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin || !pages.test(link.pathname)) return
  event.preventDefault()
  navigate(link.href)
}

/** The addresses the gateway answers with the dashboard. */
const pages = /^\/(?:$|(?:alarms|devices|rules|history|kpi|system)(?:\/|$))/
