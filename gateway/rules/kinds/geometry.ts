import type { Position, Zone } from '../../kernel/zone.ts'

/** Mean radius of the earth, m: on a sphere distances are right to 0.5 %. */
const earthM = 6_371_008.8
const radians = Math.PI / 180

/** How far outside a zone a position is, m; negative or 0: inside, so far from its edge. */
export function distanceOutside(zone: Zone): (position: Position) => number {
  switch (zone.form) {
    case 'circle':
      return (position) => greatCircle(zone.centre, position) - zone.radiusM
    case 'polygon':
      return outsideOf(zone.corners)
    default:
      return zone satisfies never
  }
}

/** Great-circle distance, m (haversine). */
export function greatCircle(a: Position, b: Position): number {
  const sinLat = Math.sin(((b.lat - a.lat) * radians) / 2)
  const sinLon = Math.sin(((b.lon - a.lon) * radians) / 2)
  const h = sinLat * sinLat + Math.cos(a.lat * radians) * Math.cos(b.lat * radians) * sinLon * sinLon
  return 2 * earthM * Math.asin(Math.min(1, Math.sqrt(h)))
}

/**
 * Sides are straight in degrees. Around the position the earth is taken as flat, which is exact where it matters, near an edge;
 * far away from everything the great circle to the nearest corner says more than the plane.
 */
function outsideOf(corners: readonly Position[]): (position: Position) => number {
  const origin = corners[0]!
  const ring = corners.map(({ lat, lon }) => ({ lat, east: shortWay(lon - origin.lon) }))
  return (position) => {
    const east = shortWay(position.lon - origin.lon)
    const perLat = earthM * radians
    const perLon = perLat * Math.cos(position.lat * radians)
    let inside = false
    let nearest = Infinity
    let ax = (ring.at(-1)!.east - east) * perLon
    let ay = (ring.at(-1)!.lat - position.lat) * perLat
    for (const corner of ring) {
      const bx = (corner.east - east) * perLon
      const by = (corner.lat - position.lat) * perLat
      // A ray to the east crosses this side: even-odd.
      if (ay > 0 !== by > 0 && (bx - ax) * (-ay / (by - ay)) + ax > 0) inside = !inside
      nearest = Math.min(nearest, fromOrigin({ ax, ay, bx, by }))
      ax = bx
      ay = by
    }
    if (inside) return -nearest
    return nearest <= farM ? nearest : Math.min(...corners.map((corner) => greatCircle(corner, position)))
  }
}

const farM = 100_000

/** Distance of a side from the position, which is the origin. */
function fromOrigin({ ax, ay, bx, by }: { ax: number; ay: number; bx: number; by: number }): number {
  const dx = bx - ax
  const dy = by - ay
  const along = Math.min(1, Math.max(0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
  return Math.hypot(ax + along * dx, ay + along * dy)
}

/** Degrees the short way round: an area may lie across the date line. */
function shortWay(degrees: number): number {
  return ((((degrees + 180) % 360) + 360) % 360) - 180
}
