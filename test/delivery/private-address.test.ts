import { describe, expect, it } from 'vitest'
import { isPrivateAddress, publicOnlyLookup } from '../../gateway/delivery/private-address.ts'

describe('a private address', () => {
  it.each([
    '127.0.0.1', '127.255.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1',
    '255.255.255.255', '::', '::1', '[::1]', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd12:3456::1', 'ff02::1', '::ffff:10.0.0.1', '::ffff:7f00:1',
    '64:ff9b::7f00:1', '2002:7f00:1::', 'fd00:ec2::254', 'not an address',
  ])('%s is none of the open internet', (address) => {
    expect(isPrivateAddress(address)).toBe(true)
  })

  it.each(['1.1.1.1', '172.32.0.1', '172.15.0.1', '100.128.0.1', '169.253.0.1', '8.8.8.8', '2606:4700:4700::1111', '::ffff:8.8.8.8', '[2a00:1450::1]'])('%s is public', (address) => {
    expect(isPrivateAddress(address)).toBe(false)
  })
})

describe('the look-up of public addresses', () => {
  const both = publicOnlyLookup((_, callback) => callback(null, [{ address: '10.0.0.1', family: 4 }, { address: '1.1.1.1', family: 4 }, { address: '2606:4700::1', family: 6 }]))

  it('hands on the public ones only', () => {
    both('mixed.test', { all: true }, (error, addresses) => {
      expect(error).toBeNull()
      expect(addresses).toEqual([{ address: '1.1.1.1', family: 4 }, { address: '2606:4700::1', family: 6 }])
    })
  })

  it('gives one of the family that was asked for', () => {
    both('mixed.test', { family: 6 }, (error, address, family) => {
      expect([error, address, family]).toEqual([null, '2606:4700::1', 6])
    })
  })
})
