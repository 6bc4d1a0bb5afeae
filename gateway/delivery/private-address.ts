import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns'
import { BlockList, type LookupFunction, isIP } from 'node:net'

/**
 * Addresses that are not the open internet: loopback, private, link-local (with the metadata services), carrier NAT,
 * multicast, documentation, reserved. From IANA's special-purpose registries (RFC 6890), with the tunnels that can carry them.
 */
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['198.18.0.0', 15],
  ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
] as const) special.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  // ::/96 holds ::, ::1 and the IPv4-compatible addresses; 64:ff9b::/96 and 2002::/16 carry any IPv4 address, private ones too.
  ['::', 96], ['64:ff9b::', 96], ['64:ff9b:1::', 48], ['100::', 64], ['2001::', 23], ['2001:db8::', 32], ['2002::', 16],
  ['3fff::', 20], ['5f00::', 16], ['fc00::', 7], ['fe80::', 10], ['fec0::', 10], ['ff00::', 8],
] as const) special.addSubnet(network, prefix, 'ipv6')

/** Is this address (no host name) anything but a public one? An IPv4-mapped IPv6 address counts as its IPv4 address. */
export function isPrivateAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '')
  switch (isIP(bare)) {
    case 4:
      return special.check(bare, 'ipv4')
    case 6:
      return special.check(bare, 'ipv6')
    default:
      return true
  }
}

/** A host whose every address is private; `code` tells it from a network error. */
export class PrivateAddressError extends Error {
  readonly code = 'LIMEN_PRIVATE_ADDRESS'
}

type Resolve = (hostname: string, callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void) => void

const systemResolve: Resolve = (hostname, callback) => lookup(hostname, { all: true }, callback)

/**
 * A `lookup` for node:net that resolves once and hands on only public addresses: the address that was checked is the one
 * that is connected to, so a name that changes its answer in between (DNS rebinding) gains nothing.
 * Not asked by node for literal addresses: check those with isPrivateAddress.
 */
export function publicOnlyLookup(resolve: Resolve = systemResolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const family = options.family === 4 || options.family === 'IPv4' ? 4 : options.family === 6 || options.family === 'IPv6' ? 6 : 0
      const allowed = addresses.filter(({ address, family: own }) => !isPrivateAddress(address) && (family === 0 || own === family))
      const [first] = allowed
      if (first === undefined) {
        const found = addresses.map(({ address }) => address).join(', ')
        return callback(new PrivateAddressError(`${hostname} has no public address (${found})`), [])
      }
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
