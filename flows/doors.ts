import type { IncomingMessage, ServerResponse } from 'node:http'

type Application = (request: IncomingMessage, response: ServerResponse) => void
interface Mounted extends IncomingMessage { originalUrl?: string; baseUrl?: string }

/** Requests arrive with the prefix: `/flows/http/…` is for HTTP nodes, the rest of `/flows` for the editor. */
export function createDoors(root: string, apps: { admin: () => Application; nodes: () => Application }): Application {
  return (request, response) => {
    const url = request.url ?? '/'
    const nodesRoot = `${root}/http`
    if (isUnder(url, nodesRoot)) mount(request, nodesRoot, () => apps.nodes()(request, response))
    else if (isUnder(url, root)) mount(request, root, () => apps.admin()(request, response))
    else response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end(`there is nothing here; the editor is at ${root}/\n`)
  }
}

function isUnder(url: string, root: string): boolean {
  return url.startsWith(root) && (url.length === root.length || url[root.length] === '/' || url[root.length] === '?')
}

/** As Express does it for an application that is mounted on a path. */
function mount(request: Mounted, root: string, run: () => void): void {
  request.originalUrl = request.url ?? '/'
  request.baseUrl = root
  const rest = request.originalUrl.slice(root.length)
  request.url = rest.startsWith('/') ? rest : `/${rest}`
  run()
}
