/** A picture of a screen has few colours that matter: with a palette of 256 it takes a third, and nobody sees the difference. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** Takes an 8-bit RGB or RGBA picture without interlace, as Chromium makes them, and gives one with a palette [PNG, third edition]. */
export function smallPng(png: Buffer): Buffer {
  const { width, height, pixels } = decode(png)
  const counts = new Map<number, number>()
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const palette = paletteOf(counts)
  const indexOf = new Map<number, number>()
  for (const colour of counts.keys()) indexOf.set(colour, nearest(palette, colour))
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf.get(pixels[y * width + x]!)!
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head.set([8, 3, 0, 0, 0], 8)
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([signature, chunk('IHDR', head), chunk('PLTE', colours), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))])
}

function decode(png: Buffer): { width: number; height: number; pixels: Uint32Array } {
  const width = png.readUInt32BE(16)
  const height = png.readUInt32BE(20)
  const channels = { 2: 3, 6: 4 }[png[25]!]
  if (channels === undefined || png[24] !== 8 || png[28] !== 0) throw new Error('a picture of another kind than Chromium makes')
  const data: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) if (png.toString('latin1', at + 4, at + 8) === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const raw = inflateSync(Buffer.concat(data))
  const stride = width * channels
  let before: Uint8Array = new Uint8Array(stride)
  const pixels = new Uint32Array(width * height)
  for (let y = 0; y < height; y++) {
    const line = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1))
    const filter = raw[y * (stride + 1)]!
    for (let i = 0; i < stride; i++) {
      const left = i < channels ? 0 : line[i - channels]!
      const above = before[i]!
      const corner = i < channels ? 0 : before[i - channels]!
      line[i] = line[i]! + [0, left, above, (left + above) >> 1, paeth(left, above, corner)][filter]!
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = (line[x * channels]! << 16) | (line[x * channels + 1]! << 8) | line[x * channels + 2]!
    before = line
  }
  return { width, height, pixels }
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)]
  if (a <= b && a <= c) return left
  return b <= c ? above : corner
}

/** The most frequent colours, near ones taken together so that rare but different ones get a place. */
function paletteOf(counts: ReadonlyMap<number, number>): readonly number[] {
  const byBox = new Map<number, { colour: number; most: number; total: number }>()
  for (const [colour, count] of counts) {
    const box = colour & 0xf0f0f0
    const known = byBox.get(box)
    if (known === undefined) byBox.set(box, { colour, most: count, total: count })
    else {
      known.total += count
      if (count > known.most) Object.assign(known, { colour, most: count })
    }
  }
  const boxes = [...byBox.values()].sort((a, b) => b.total - a.total).slice(0, 200).map(({ colour }) => colour)
  const exact = [...counts].sort(([, a], [, b]) => b - a).slice(0, 56).map(([colour]) => colour)
  return [...new Set([...exact, ...boxes])]
}

function nearest(palette: readonly number[], colour: number): number {
  let best = 0
  let least = Infinity
  for (const [index, other] of palette.entries()) {
    const distance = ((colour >> 16) - (other >> 16)) ** 2 + (((colour >> 8) & 255) - ((other >> 8) & 255)) ** 2 + ((colour & 255) - (other & 255)) ** 2
    if (distance < least) [best, least] = [index, distance]
  }
  return best
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const whole = Buffer.alloc(body.length + 8)
  whole.writeUInt32BE(data.length, 0)
  body.copy(whole, 4)
  whole.writeUInt32BE(crc32(body), whole.length - 4)
  return whole
}
