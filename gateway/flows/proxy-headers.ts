import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

/** Between two neighbours only [RFC 9110, 7.6.1]. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade']
/** Who somebody is, is known here; what proves it is never shown to a flow. */
const credentials = ['authorization', 'cookie', 'x-csrf-token']

/** What the process of the flows is told of a request. */
export function forwardedHeaders(request: IncomingMessage): IncomingHttpHeaders {
  const headers = withoutHops(request.headers)
  for (const name of credentials) delete headers[name]
  // Said outright: a body without a length behind a method that seldom has one would go out unframed, as a request of its own.
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked'
  const cookie = foreignCookies(request.headers.cookie)
  if (cookie !== '') headers.cookie = cookie
  const { remoteAddress = '' } = request.socket
  const before = headers['x-forwarded-for']
  headers['x-forwarded-for'] = before === undefined ? remoteAddress : `${String(before)}, ${remoteAddress}`
  if (headers.host !== undefined) headers['x-forwarded-host'] = headers.host
  headers['x-forwarded-proto'] ??= (request.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http'
  return headers
}

/** What a browser is told of its answer. */
export function answeredHeaders(given: IncomingHttpHeaders): IncomingHttpHeaders {
  const headers = withoutHops(given)
  // A flow may set cookies of its own, none of ours.
  const cookies = given['set-cookie']?.filter((cookie) => !isOurs(cookie))
  delete headers['set-cookie']
  if (cookies !== undefined && cookies.length > 0) headers['set-cookie'] = cookies
  // Asked again each time: the files of the editor have tags, and what a flow answers is not for a proxy to keep.
  headers['cache-control'] ??= 'private, no-cache'
  return headers
}

function withoutHops(given: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = (given.connection ?? '').toLowerCase().split(',').map((name) => name.trim())
  return Object.fromEntries(Object.entries(given).filter(([name]) => !hopByHop.includes(name) && !named.includes(name)))
}

function foreignCookies(header: string | undefined): string {
  return (header ?? '').split(';').map((cookie) => cookie.trim()).filter((cookie) => cookie !== '' && !isOurs(cookie)).join('; ')
}

function isOurs(cookie: string): boolean {
  return cookie.trimStart().toLowerCase().startsWith('limen-')
}
