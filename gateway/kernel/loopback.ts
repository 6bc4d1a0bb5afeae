import { isIP } from 'node:net'

/** Is this address of a socket on the machine itself? IPv4 in IPv6 form (`::ffff:127.0.0.1`) too. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = address.toLowerCase().startsWith('::ffff:') ? address.slice(7) : address
  return (isIP(plain) === 4 && plain.startsWith('127.')) || plain === '::1'
}

/** Does a listener on this host hear only the machine itself? An empty host, `0.0.0.0` and `::` hear everybody. */
export function isLoopbackHost(host: string): boolean {
  const plain = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  return plain.toLowerCase() === 'localhost' || isLoopbackAddress(plain)
}
