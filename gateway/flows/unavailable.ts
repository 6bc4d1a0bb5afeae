import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FlowsState } from '../kernel/flows.ts'

export interface Unavailable {
  readonly status: 413 | 502 | 503
  readonly title: string
  readonly detail: string
}

const words: Readonly<Record<FlowsState, string>> = {
  off: 'Flows are off.',
  starting: 'Flows are coming up; this takes a few seconds.',
  running: 'Flows run, but their editor did not answer just now.',
  'safe-mode': 'Flows crashed several times and are stopped; their editor is coming up.',
  waiting: 'Flows ended by themselves and are started again in a moment.',
  stopped: 'The gateway is stopping.',
}

export function notThere(state: FlowsState): Unavailable {
  return { status: 503, title: 'Flows are not there', detail: words[state] }
}

/** A page for a browser, which looks again by itself; a problem document (RFC 9457) for everything else. */
export function answerUnavailable(request: IncomingMessage, response: ServerResponse, { status, title, detail }: Unavailable): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const asHtml = status !== 413 && request.method === 'GET' && (request.headers.accept ?? '').includes('text/html')
  const body = asHtml ? page(title, detail) : JSON.stringify({ type: 'urn:limen:problem:flows-unavailable', title, status, detail, instance: (request.url ?? '').split('?', 1)[0], code: status === 413 ? 'TOO_LARGE' : 'FLOWS_UNAVAILABLE' })
  response.writeHead(status, {
    'content-type': asHtml ? 'text/html; charset=utf-8' : 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 503 ? { 'retry-after': '3' } : {}),
    // The rest of its body is not read.
    ...(status === 413 ? { connection: 'close' } : {}),
  })
  response.end(body)
}

function page(title: string, detail: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="3"><title>${title} · Limen</title>
<style>:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif } body { max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style></head>
<body><h1>${title}</h1><p role="status">${detail}</p><p>This page looks again every 3 seconds. <a href="/">Back to the gateway</a></p></body>
</html>
`
}
