import { length } from '../../kernel/quantity-shape.ts'
import type { KindSchema } from '../../kernel/rule-kind.ts'
import type { Shape } from '../../kernel/shape.ts'
import { clip, invalid, number, object, oneOf, optional, problemAt, refine, required, text } from '../../kernel/shape.ts'
import { suggestion } from '../../kernel/suggest.ts'
import type { Zone, Zones } from '../../kernel/zone.ts'
import { zoneShape } from '../schema-zone.ts'
import { parseWith } from './parse-with.ts'
import { maxAgeField } from './signal-fields.ts'

export interface GeofenceSpec {
  readonly zone: Zone
  readonly on: 'enter' | 'exit'
  /** Outside begins so far from the edge. */
  readonly bufferM: number
  /** Fixes that are less accurate are passed over; undefined: none are. */
  readonly maxAccuracyM: number | undefined
  /** So many in a row; ≥ 1. */
  readonly fixes: number
  readonly maxAgeMs: number | undefined
  /** Names of the metrics. */
  readonly metrics: { readonly lat: string; readonly lon: string; readonly accuracy: string }
}

/** A zone by its name, or as it is. */
function zoneOf(zones: Zones): Shape<Zone> {
  return {
    expected: 'a zone',
    example: 'ward',
    read(node, path, problems) {
      if (node.kind !== 'scalar' || node.value === null) return zoneShape.read(node, path, problems)
      const zone = zones.get(node.text)
      // One that cannot be used was told of where it is.
      if (zone === undefined && !zones.has(node.text)) {
        const remedy = zones.size === 0 ? `write zones: { ${clip(node.text)}: { circle: { lat: 47.36667, lon: 8.55, radius: 50m } } } in a rule file` : suggestion(node.text, [...zones.keys()])
        problems.push(problemAt({ place: node.place, path }, `there is no zone "${clip(node.text)}"`, remedy))
      }
      return zone ?? invalid
    },
  }
}

const metric = (name: string) => optional(text({ expected: 'a metric', example: name, check: (written) => written.trim() !== '' && !/[*?/+#]/.test(written) && written.length <= 512 }), name)

function shapeWith(zones: Zones): Shape<GeofenceSpec> {
  return refine(
    object(
      {
        zone: required(zoneOf(zones)),
        on: required(oneOf('exit', 'enter')),
        buffer: optional(length({ max: '1000km', example: '10m' }), 0),
        maxAccuracy: optional(length({ min: '1m', example: '25m' })),
        fixes: optional(number({ expected: 'a whole number 1…100', example: '2', min: 1, max: 100, integer: true }), 1),
        maxAge: maxAgeField,
        lat: metric('lat'),
        lon: metric('lon'),
        accuracy: metric('accuracy'),
      },
      { expected: 'a zone and which way', example: '{ zone: ward, on: exit }' },
    ),
    ({ zone, on, buffer, maxAccuracy, fixes, maxAge, lat, lon, accuracy }, at): GeofenceSpec | typeof invalid => {
      if (new Set([lat, lon, accuracy]).size < 3) return at.refuse('two of lat, lon and accuracy are the same metric', 'write three different ones')
      return { zone, on, bufferM: buffer, maxAccuracyM: maxAccuracy, fixes, maxAgeMs: maxAge, metrics: { lat, lon, accuracy } }
    },
  )
}

/** `geofence: { zone: ward, on: exit, buffer: 10m, maxAccuracy: 25m, fixes: 2 }`: a device is inside, or outside. */
export const geofenceSchema: KindSchema<GeofenceSpec> = {
  name: 'geofence',
  shortForms: [],
  example: 'geofence: { zone: ward, on: exit, buffer: 10m, fixes: 2 }',
  parse: (node, context) => parseWith(shapeWith(context.zones ?? new Map()), node, context.path),
  levels: () => [],
  allowsFor: true,
  needsOneOf: [],
  namesMetrics: true,
  defaultMessage: '{rule}: {device} {value}',
}
