import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** A blob is either the text itself (it begins with `[`) or a zstd frame (RFC 8878: it begins with 28 B5 2F FD). */
const zstdMagic = 0x28
/** Less than this is not worth a try. */
const compressFromBytes = 96
/** A row that claims to be larger than this is damaged. */
const maxOutputLength = 256 * 1024 * 1024

export function pack(text: Uint8Array | null, level: number): Uint8Array | null {
  if (text === null || text.length < compressFromBytes) return text
  const compressed = zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1 } })
  return compressed.length < text.length ? compressed : text
}

export function unpack(blob: Uint8Array | null): Uint8Array | null {
  if (blob === null || blob[0] !== zstdMagic) return blob
  return zstdDecompressSync(blob, { maxOutputLength })
}

export interface RowColumns {
  readonly first: number
  readonly last: number
  readonly wall: number
  readonly mono: number
  readonly base: number
  readonly min_ts: number
  readonly max_ts: number
  readonly readings_n: number
  readonly events_n: number
  readonly marks_n: number
  readonly series: Uint8Array | null
  readonly others: Uint8Array | null
  readonly inbound: Uint8Array | null
  readonly readings: Uint8Array | null
}

/** Over everything a row holds, so that a flipped bit anywhere is found. */
export function checksum(row: RowColumns): number {
  const numbers = [row.first, row.last, row.wall, row.mono, row.base, row.min_ts, row.max_ts, row.readings_n, row.events_n, row.marks_n]
  let sum = crc32(numbers.join())
  for (const blob of [row.series, row.others, row.inbound, row.readings]) sum = crc32(blob === null ? '-' : blob, sum)
  return sum
}
