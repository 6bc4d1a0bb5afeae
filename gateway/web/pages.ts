import type { Principal } from '../kernel/principal.ts'
import type { RegisteredRoute } from './context.ts'

/** Stands at /style.css: the content security policy allows no style in the page. */
export const styleSheet = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem; color: light-dark(#222, #ddd); background: light-dark(#fafafa, #1b1b1b) }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
td { padding: .25rem .75rem .25rem 0; vertical-align: top; border-top: 1px solid light-dark(#ddd, #444) }
td:first-child { width: 50% }
td:last-child { width: 6em; opacity: .7 }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere }
@media (max-width: 600px) {
  tr { display: block; padding: .5rem 0; border-top: 1px solid light-dark(#ddd, #444) }
  td, td:first-child, td:last-child { display: block; width: auto; border: 0; padding: 0 }
}
form { display: grid; gap: .75rem; max-width: 20rem } form.inline { display: inline }
label { display: grid } input, button { font: inherit; padding: .4rem .6rem }
.wrong { border-left: .25rem solid currentColor; padding-left: .75rem; font-weight: 600 }
footer { margin-top: 3rem; opacity: .75; font-size: .9rem }
`

/** What there is to call. `built: false`: it stands where the dashboard should. */
export function indexPage({ site, principal, built }: { site: string; principal: Principal; built: boolean }, routes: readonly RegisteredRoute[]): string {
  const shown = routes.filter((route) => route.method !== 'HEAD' && route.schema.tags !== undefined && !route.schema.tags.includes('pages'))
  const groups = Map.groupBy(shown, (route) => route.schema.tags![0]!)
  const tables = [...groups].map(([tag, members]) => `<h2>${escape(tag)}</h2>\n<table>\n${members.map(row).join('\n')}\n</table>`)
  const who = principal.kind === 'trusted'
    ? 'You are on this machine and need no login.'
    : `Logged in as ${escape(principal.name)}. <form class="inline" method="post" action="/logout"><button>Log out</button></form>`
  return page(site, `<h1>Limen · ${escape(site)}</h1>
${built ? '' : '<p class="wrong">The dashboard is not built: <code>npm run build:dashboard</code>, then start the gateway again.</p>\n'}<p>${who}</p>
<p>MQTT over WebSocket is at <code>/mqtt</code>. The API describes itself: <a href="/api/v1/openapi.json">OpenAPI</a>.</p>
${tables.join('\n')}`)
}

export function loginPage(site: string, wrong?: string): string {
  return page(site, `<h1>Limen · ${escape(site)}</h1>
${wrong === undefined ? '' : `<p class="wrong" role="alert">${escape(wrong)}</p>\n`}<form method="post" action="/login">
<label>Name <input name="name" autocomplete="username" required autofocus></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Log in</button>
</form>
<p>Logins are made on the gateway's machine: <code>limen user add NAME --role operator</code></p>`)
}

function row({ method, url, schema, access }: RegisteredRoute): string {
  const linked = method === 'GET' && !url.includes(':') && !url.endsWith('/stream') && !url.endsWith('/live')
  const path = `<code>${method} ${linked ? `<a href="${escape(url)}">${escape(url)}</a>` : escape(url.replace(/:([A-Za-z]+)/g, '{$1}'))}</code>`
  return `<tr><td>${path}</td><td>${escape(schema.summary ?? '')}</td><td>${access}</td></tr>`
}

function page(site: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Limen · ${escape(site)}</title><link rel="stylesheet" href="/style.css"></head>
<body>
${body}
<footer>Limen is not a medical device and not a primary alarm system.</footer>
</body>
</html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}
