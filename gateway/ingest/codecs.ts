import { objectCodec } from './codecs/object.ts'
import { scalarCodec } from './codecs/scalar.ts'
import type { Codec } from './sample.ts'

/** The formats the gateway reads. */
export const codecs = {
  scalar: scalarCodec,
  object: objectCodec,
} as const satisfies Readonly<Record<string, Codec>>
