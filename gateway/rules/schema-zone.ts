import type { DocumentNode, Place } from '../kernel/document.ts'
import type { Problem } from '../kernel/problem.ts'
import { length } from '../kernel/quantity-shape.ts'
import type { Shape } from '../kernel/shape.ts'
import { clip, describe, invalid, join, list, number, object, optional, problemAt, refine, required, wrongForm } from '../kernel/shape.ts'
import type { Position, Zone, Zones } from '../kernel/zone.ts'

/** Corners are compared each with each. */
const mostCorners = 500

const latitude = number({ expected: 'a latitude −90…90', example: '47.36667', min: -90, max: 90 })
const longitude = number({ expected: 'a longitude −180…180', example: '8.55', min: -180, max: 180 })

const circle = refine(
  object({ lat: required(latitude), lon: required(longitude), radius: required(length({ min: '1m', max: '5000km', example: '50m' })) }, { expected: 'a circle', example: '{ lat: 47.36667, lon: 8.55, radius: 50m }' }),
  ({ lat, lon, radius }): Zone => ({ form: 'circle', centre: { lat, lon }, radiusM: radius }),
)

/** `[47.36667, 8.55]`: latitude first, as one says it. */
const corner: Shape<Position> = {
  expected: 'corners',
  example: '[47.36667, 8.55]',
  read(node, path, problems) {
    if (node.kind !== 'list') return wrongForm(node, { path, expected: 'a corner', example: '[47.36667, 8.55]' }, problems)
    const [first, second] = node.items
    if (first === undefined || second === undefined || node.items.length > 2) {
      problems.push(problemAt({ place: node.place, path }, `a corner has two numbers, found ${node.items.length}`, 'write [latitude, longitude], e.g. [47.36667, 8.55]'))
      return invalid
    }
    const lat = latitude.read(first, `${path}[0]`, problems)
    const lon = longitude.read(second, `${path}[1]`, problems)
    return lat === invalid || lon === invalid ? invalid : { lat, lon }
  },
}

const polygon = refine(list(corner), (corners, at) => {
  // Written as a closed ring, the first corner comes twice.
  const ring = corners.length > 1 && same(corners[0]!, corners.at(-1)!) ? corners.slice(0, -1) : corners
  if (ring.length < 3) return at.refuse(`an area has at least three corners, found ${ring.length}`, 'write polygon: [[lat, lon], [lat, lon], [lat, lon]]')
  if (ring.length > mostCorners) return at.refuse(`${ring.length} corners are more than ${mostCorners}`, 'leave out those that hardly matter')
  const twice = ring.findIndex((point, i) => same(point, ring[(i + 1) % ring.length]!))
  if (twice !== -1) return at.refuse(`corner ${twice + 1} and the next are the same`, 'leave one of them out')
  const flat = flatten(ring)
  if (Math.max(...flat.map(({ x }) => Math.abs(x))) > 90) return at.refuse('an area wider than 90 degrees is none that can be measured', 'write a smaller one')
  const crossing = crossingOf(flat)
  if (crossing !== undefined) return at.refuse(`the sides after corner ${crossing[0] + 1} and corner ${crossing[1] + 1} cross`, 'write the corners in the order in which one walks around it')
  if (flat.every((point) => turn(flat[0]!, flat[1]!, point) === 0)) return at.refuse('all corners lie on one line', 'write an area')
  return { form: 'polygon', corners: ring } satisfies Zone
})

/** `{ circle: { lat, lon, radius } }` or `{ polygon: [[lat, lon], …] }`. */
export const zoneShape: Shape<Zone> = refine(
  object({ circle: optional(circle), polygon: optional(polygon) }, { expected: 'a zone', example: '{ circle: { lat: 47.36667, lon: 8.55, radius: 50m } }' }),
  (value, at) => {
    if (value.circle !== undefined && value.polygon !== undefined) return at.refuse('a zone is either a circle or a polygon', 'make two zones of it', 'polygon')
    return value.circle ?? value.polygon ?? at.refuse('a zone without a form', 'write circle: { lat, lon, radius } or polygon: [[lat, lon], …]')
  },
)

/** What stands under `zones:` in documents of rule files, by name; adds everything that is wrong to `problems`. */
export function readZones(documents: readonly DocumentNode[], problems: Problem[]): Zones {
  const zones = new Map<string, Zone | undefined>()
  const places = new Map<string, Place>()
  for (const document of documents) {
    const node = document.kind === 'map' ? document.entries.find(({ key }) => key === 'zones')?.value : undefined
    if (node === undefined || (node.kind === 'scalar' && node.value === null)) continue
    if (node.kind !== 'map') {
      problems.push(problemAt({ place: node.place, path: 'zones' }, `expected zones by name, found ${describe(node)}`, 'write zones: { ward: { circle: { lat: 47.36667, lon: 8.55, radius: 50m } } }'))
      continue
    }
    for (const { key, place, value } of node.entries) {
      const path = join('zones', key)
      const first = places.get(key)
      if (first !== undefined) problems.push(problemAt({ place, path }, `the zone "${clip(key)}" is there already, at ${first.file}:${first.line}`, 'give one of them another name'))
      else places.set(key, place)
      const zone = zoneShape.read(value, path, problems)
      if (first === undefined) zones.set(key, zone === invalid ? undefined : zone)
    }
  }
  return zones
}

interface Flat { readonly x: number; readonly y: number }

/** Degrees from the first corner, the short way round: an area may lie across the date line. */
function flatten(ring: readonly Position[]): Flat[] {
  const [origin] = ring
  return ring.map(({ lat, lon }) => ({ x: ((((lon - origin!.lon + 180) % 360) + 360) % 360) - 180, y: lat - origin!.lat }))
}

function crossingOf(points: readonly Flat[]): readonly [number, number] | undefined {
  const n = points.length
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      const neighbours = j === i + 1 || (i === 0 && j === n - 1)
      if (!neighbours && cross([points[i]!, points[(i + 1) % n]!], [points[j]!, points[(j + 1) % n]!])) return [i, j]
    }
  }
  return undefined
}

type Side = readonly [Flat, Flat]

function cross([a, b]: Side, [c, d]: Side): boolean {
  const apart = (of: (point: Flat) => number): boolean => Math.max(of(a), of(b)) < Math.min(of(c), of(d)) || Math.max(of(c), of(d)) < Math.min(of(a), of(b))
  return turn(a, b, c) * turn(a, b, d) <= 0 && turn(c, d, a) * turn(c, d, b) <= 0 && !apart(({ x }) => x) && !apart(({ y }) => y)
}

/** Which way from a over b to c: −1, 0 straight on, 1. */
function turn(a: Flat, b: Flat, c: Flat): number {
  return Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x))
}

function same(a: Position, b: Position): boolean {
  return a.lat === b.lat && a.lon === b.lon
}
