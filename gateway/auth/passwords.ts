import { argon2, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { asError, LimenError } from '../kernel/errors.ts'

/**
 * Slow, salted hashes as PHC strings (https://github.com/P-H-C/phc-string-format). argon2id with OWASP's 19 MiB, two passes,
 * one lane: ~20 ms on a PC, ~120 ms on a Raspberry Pi 4. scrypt where Node was linked against an OpenSSL without argon2.
 */
export interface Passwords {
  hash(secret: string): Promise<string>
  /** Takes as long for a wrong secret as for the right one. Null: too many are waiting. */
  verify(secret: string, phc: string): Promise<boolean | null>
  /** Is there room for one more? */
  full(): boolean
}

const argonCost = { memoryKiB: 19_456, passes: 2, lanes: 1 } as const
const scryptCost = { log2N: 15, r: 8, p: 1 } as const
const saltBytes = 16
const tagBytes = 32

/** What a file may ask of us at most: a damaged number must not take the machine's memory. */
const most = { memoryKiB: 262_144, passes: 16, lanes: 8, log2N: 18, r: 16, p: 8 } as const

/**
 * At most `concurrency` at once (each holds 19 MiB and a thread of the pool the disk needs too);
 * what comes while `maxWaiting` wait is turned away.
 */
export function createPasswords(options: { concurrency?: number; maxWaiting?: number } = {}): Passwords {
  const concurrency = options.concurrency ?? 2
  const maxWaiting = options.maxWaiting ?? 1_000
  const waiting: (() => void)[] = []
  let running = 0

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }

  return {
    full: () => waiting.length >= maxWaiting,
    hash: (secret) => inTurn(() => makeHash(secret)),
    async verify(secret, phc) {
      if (waiting.length >= maxWaiting) return null
      const parsed = parsePhc(phc)
      if (parsed === undefined) throw new LimenError('CONFIG_INVALID', 'a stored password hash has an unknown form')
      return inTurn(async () => timingSafeEqual(await derive(secret, parsed), parsed.tag))
    },
  }
}

/** Is this text a hash this version can verify? */
export function isPasswordHash(phc: string): boolean {
  return parsePhc(phc) !== undefined
}

type Parameters =
  | { readonly kind: 'argon2id'; readonly memoryKiB: number; readonly passes: number; readonly lanes: number; readonly salt: Buffer }
  | { readonly kind: 'scrypt'; readonly log2N: number; readonly r: number; readonly p: number; readonly salt: Buffer }

async function makeHash(secret: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  try {
    const tag = await derive(secret, { kind: 'argon2id', ...argonCost, salt })
    return `$argon2id$v=19$m=${argonCost.memoryKiB},t=${argonCost.passes},p=${argonCost.lanes}$${text(salt)}$${text(tag)}`
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_CRYPTO_ARGON2_NOT_SUPPORTED') throw asError(thrown)
  }
  const tag = await derive(secret, { kind: 'scrypt', ...scryptCost, salt })
  return `$scrypt$ln=${scryptCost.log2N},r=${scryptCost.r},p=${scryptCost.p}$${text(salt)}$${text(tag)}`
}

function derive(secret: string, parameters: Parameters): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, tag: Buffer) => (error === null ? resolve(tag) : reject(error))
    if (parameters.kind === 'argon2id') {
      const { memoryKiB: memory, passes, lanes: parallelism, salt: nonce } = parameters
      argon2('argon2id', { message: Buffer.from(secret, 'utf8'), nonce, memory, passes, parallelism, tagLength: tagBytes }, done)
    } else {
      const { log2N, r, p, salt } = parameters
      scrypt(secret, salt, tagBytes, { N: 2 ** log2N, r, p, maxmem: 256 * 2 ** log2N * r }, done)
    }
  })
}

function parsePhc(phc: string): (Parameters & { readonly tag: Buffer }) | undefined {
  const parsed = parseArgon(phc) ?? parseScrypt(phc)
  return parsed !== undefined && parsed.tag.length === tagBytes && parsed.salt.length >= 8 ? parsed : undefined
}

function parseArgon(phc: string): (Parameters & { readonly tag: Buffer }) | undefined {
  const match = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,64})\$([A-Za-z0-9+/]{8,128})$/.exec(phc)
  if (match === null) return undefined
  const [memoryKiB, passes, lanes] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (memoryKiB < 8 * lanes || memoryKiB > most.memoryKiB || passes < 1 || passes > most.passes || lanes < 1 || lanes > most.lanes) return undefined
  return { kind: 'argon2id', memoryKiB, passes, lanes, salt: bytes(match[4]!), tag: bytes(match[5]!) }
}

function parseScrypt(phc: string): (Parameters & { readonly tag: Buffer }) | undefined {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{8,64})\$([A-Za-z0-9+/]{8,128})$/.exec(phc)
  if (match === null) return undefined
  const [log2N, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (log2N < 1 || log2N > most.log2N || r < 1 || r > most.r || p < 1 || p > most.p) return undefined
  return { kind: 'scrypt', log2N, r, p, salt: bytes(match[4]!), tag: bytes(match[5]!) }
}

/** PHC strings write base64 without padding. */
function text(buffer: Buffer): string {
  return buffer.toString('base64').replaceAll('=', '')
}

function bytes(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}

/** Crockford's base32: no letter that is taken for another, nothing a shell or a topic minds. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A secret nobody has to invent: 26 characters, 130 bits. */
export function generateSecret(): string {
  return Array.from(randomBytes(26), (byte) => alphabet[byte % alphabet.length]!).join('')
}
