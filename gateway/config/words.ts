/** Small shapes that only limen.yaml needs. */
import { isIP } from 'node:net'
import { isAbsolute } from 'node:path'
import type { Shape } from '../kernel/shape.ts'
import { clip, number, scalar, text } from '../kernel/shape.ts'

export const port = (example: string) => number({ expected: 'a port number 0…65535', example, min: 0, max: 65_535, integer: true })

/** A name or address to listen on. */
export const host: Shape<string> = scalar<string>({
  expected: 'a host name or an IP address',
  example: '127.0.0.1',
  from({ text: written }) {
    const plain = written.startsWith('[') && written.endsWith(']') ? written.slice(1, -1) : written
    if (/^[^:]+:\d+$/.test(plain)) return { wrong: `expected a host without a port, found "${clip(written)}"`, remedy: `write host: ${clip(plain.split(':')[0]!)} and port: ${clip(plain.split(':')[1]!)}` }
    return isIP(plain.split('%')[0]!) !== 0 || /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_-]+)*\.?$/.test(plain) ? plain : undefined
  },
})

/** An address with one of these protocols and without a password in it. What was found is not shown where it may hold one. */
export function url(protocols: readonly string[], example: string): Shape<string> {
  const expected = `an address that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`
  return scalar<string>({
    expected,
    example,
    from({ text: written }) {
      const found = written.includes('@') ? 'another' : `"${clip(written)}"`
      const parsed = URL.canParse(written) ? new URL(written) : undefined
      if (parsed === undefined || !protocols.includes(parsed.protocol) || parsed.hostname === '') return { wrong: `expected ${expected}, found ${found}`, remedy: `write e.g. ${example}` }
      if (parsed.username !== '' || parsed.password !== '') return { wrong: 'an address with a user name or password in it', remedy: 'write them under their own keys' }
      return written
    },
  })
}

/** A name of an environment variable that holds a secret. The name is shown, the secret never. */
export const variableName = text({ expected: 'the name of an environment variable', example: 'NURSE_CALL_SECRET', check: (name) => /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name) })

export const path = text({ expected: 'a path', example: './data', check: (written) => written.trim() !== '' && !written.includes('\0') && (isAbsolute(written) || !/^[a-z]+:\/\//.test(written)) })

/** A short text without control characters. */
export const name = (expected: string, example: string) => text({ expected, example, check: (written) => written.trim() !== '' && written.length <= 256 && !/\p{Cc}/u.test(written) })

export const secret = text({ expected: 'a text', example: '…', secret: true, check: (written) => written !== '' })

/** `[A-Za-z0-9][A-Za-z0-9._-]*`: what can stand in a topic, a path and a metric's label as it is. */
export const isPlainName = (written: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(written)
