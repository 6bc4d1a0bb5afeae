import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Position } from '../../../gateway/kernel/zone.ts'
import { distanceOutside, greatCircle } from '../../../gateway/rules/kinds/geometry.ts'
import type { InputLine } from '../../../gateway/replay-lines.ts'
import { createJointDrive, runJoint } from '../../support/joint-drive.ts'
import { problemsOf, rulesFrom } from '../../support/rule-text.ts'

/** So many metres east of 47.36667 N, 8.55 E. */
const east = (m: number): Position => ({ lat: 47.36667, lon: 8.55 + m / (111_195.08 * Math.cos((47.36667 * Math.PI) / 180)) })
const fix = (at: number, m: number, more: object = {}, device = 'tag-1'): InputLine => ({ at, device, values: { ...east(m), ...more } })
const ward = (members = 'buffer: 10m, maxAccuracy: 25m, fixes: 2', on = 'exit') => rulesFrom(`
zones:
  ward: { circle: { lat: 47.36667, lon: 8.55, radius: 50m } }
rules:
  - { id: ward, on: { device: "tag-*" }, ack: auto, when: { geofence: { zone: ward, on: ${on}, ${members} } } }
`)
const events = (rules: ReturnType<typeof ward>, lines: readonly InputLine[]) => runJoint(rules, lines).map(({ at, event, text }) => [at, event, text])

describe('geofence', () => {
  it('fires with so many fixes in a row outside by more than the buffer, and returns with as many inside', () => {
    const metres = [0, 0, 70, 40, 70, 65, 55, 45, 45, 55, 59, 61, 62]
    expect(events(ward(), metres.map((m, at) => fix(at, m)))).toEqual([
      [5, 'raised', '15 m outside'],
      [8, 'cleared', '5 m inside'],
      [12, 'raised', '12 m outside'],
    ])
  })

  it('changes nothing between the edge and the buffer, and counts from the beginning after that', () => {
    expect(events(ward(), [0, 0, 70, 55, 70, 55, 70, 70].map((m, at) => fix(at, m)))).toEqual([[7, 'raised', '20 m outside']])
  })

  it('passes over fixes that are too inaccurate, and takes those that do not say', () => {
    expect(events(ward(), [fix(0, 0), fix(1, 0), fix(2, 500, { accuracy: 26 }), fix(3, 500, { accuracy: 30 }), fix(4, 500, { accuracy: 'NaN' }), fix(5, 500, { accuracy: 25 }), fix(6, 500)])).toEqual([[6, 'raised', '450 m outside']])
  })

  it('takes latitude and longitude of one message only', () => {
    const [a, b] = [east(0), east(500)]
    const lines = [{ at: 0, device: 'tag-1', values: { ...a } }, { at: 1, device: 'tag-1', metric: 'lon', value: b.lon }, { at: 2, device: 'tag-1', metric: 'lon', value: b.lon }]
    expect(events(ward('fixes: 1'), lines)).toEqual([])
  })

  it('knows nothing before it is certain, when the fix is too old, or when it is none', () => {
    const drive = createJointDrive(ward('fixes: 2, maxAge: 10s'))
    const say = (line: InputLine) => {
      drive.line(line)
      return drive.verdicts()['tag-1']
    }
    expect([say(fix(0, 500)), say(fix(1_000, 500)), say({ at: 11_000 }), say({ at: 11_001 }), say(fix(12_000, 500)), say({ at: 13_000, device: 'tag-1', values: { lat: 91, lon: 0 } }), say(fix(14_000, 0))]).toEqual([-1, 1, 1, -1, 1, -1, 1])
  })

  it('enters, too; other names for the metrics; one alarm for all devices', () => {
    expect(events(ward('fixes: 1', 'enter'), [fix(0, 500), fix(1, 40), fix(2, 55)])).toEqual([[1, 'raised', '10 m inside'], [2, 'cleared', '5 m outside']])
    const [rule] = rulesFrom('- { id: r, on: { deviceType: tag }, key: rule, when: { geofence: { zone: { circle: { lat: 0, lon: 0, radius: 1km } }, on: exit, lat: latitude, lon: pos.lon } } }')
    const devices = new Map([['a', { type: 'tag' }], ['b', { type: 'tag' }]])
    const lines = [{ at: 0, device: 'a', values: { latitude: 0, 'pos.lon': 0 } }, { at: 1, device: 'b', values: { latitude: 1, 'pos.lon': 0 } }, { at: 2, device: 'c', values: { latitude: 1, 'pos.lon': 0 } }]
    expect(runJoint([rule!], lines, devices)).toEqual([{ at: 1, rule: 'r', key: 'r', event: 'raised', value: 110_195.1, text: 'b 110195.1 m outside' }])
  })

  it('says the same whether its state was put away in between or not, and in whatever order the readings of a message stand', () => {
    const step = fc.record({ device: fc.constantFrom('tag-1', 'tag-2'), m: fc.constantFrom(0, 55, 65, 500), gap: fc.integer({ min: 0, max: 8_000 }), accuracy: fc.constantFrom(1, 30, 'NaN') })
    fc.assert(fc.property(fc.array(step, { maxLength: 30 }), fc.constantFrom('device', 'rule'), (steps, key) => {
      const rules = ward('buffer: 10m, maxAccuracy: 25m, fixes: 2, maxAge: 20s').map((rule) => ({ ...rule, key }))
      const [plain, cut] = [createJointDrive(rules), createJointDrive(rules)]
      let at = 0
      for (const { device, m, gap, accuracy } of steps) {
        at += gap
        cut.cut()
        const { lat, lon } = east(m)
        expect(cut.line({ at, device, values: { accuracy, lon, lat } })).toEqual(plain.line({ at, device, values: { lat, lon, accuracy } }))
        expect(cut.state()).toEqual(plain.state())
      }
    }))
  })

  it('has another version when its zone has another form', () => {
    const version = (radius: string) => rulesFrom(`
zones: { z: { circle: { lat: 0, lon: 0, radius: ${radius} } } }
rules: [{ id: r, on: { device: d }, when: { geofence: { zone: z, on: exit } } }]
`)[0]!.conditionVersion
    expect(version('1km')).toBe(version('1000m'))
    expect(version('1km')).not.toBe(version('2km'))
  })

  const good = 'zones: { ward: { circle: { lat: 0, lon: 0, radius: 50m } }, garden: { polygon: [[0, 0], [0, 1], [1, 1]] } }'
  it.each([
    ['{ zone: wrad, on: exit }', /there is no zone "wrad"; did you mean "ward"\?/],
    ['{ zone: ward, on: leave }', /expected exit or enter, found "leave"/],
    ['{ zone: ward }', /"on" is missing; write on: exit/],
    ['{ zone: ward, on: exit, buffer: 10 }', /a length needs a unit, found 10; write e.g. 10m; units are m and km/],
    ['{ zone: ward, on: exit, fixes: 0 }', /expected a whole number 1…100, found 0/],
    ['{ zone: ward, on: exit, lat: lon }', /two of lat, lon and accuracy are the same metric/],
    ['{ zone: { circle: { lat: 91, lon: 0, radius: 1m } }, on: exit }', /expected a latitude −90…90, found 91/],
    ['{ zone: { circle: { lat: 0, lon: 0, radius: 0 } }, on: exit }', /expected a length 1m…5000km, found 0/],
    ['{ zone: { polygon: [[0, 0], [1, 1]] }, on: exit }', /an area has at least three corners, found 2/],
    ['{ zone: { polygon: [[0, 0], [1, 1], [0, 1], [1, 0]] }, on: exit }', /the sides after corner 1 and corner 3 cross; write the corners in the order in which one walks around it/],
    ['{ zone: { polygon: [[0, 0], [0, 1], [0, 2]] }, on: exit }', /all corners lie on one line/],
    ['{ zone: { polygon: [[0, 0], [0, 0], [1, 1], [1, 0]] }, on: exit }', /corner 1 and the next are the same/],
    ['{ zone: { polygon: [[0], [0, 1], [1, 1]] }, on: exit }', /a corner has two numbers, found 1; write \[latitude, longitude\]/],
    ['{ zone: {}, on: exit }', /a zone without a form/],
  ])('refuses %s', (spec, problem) => {
    expect(problemsOf(`${good}\nrules: [{ id: r, on: { device: d }, when: { geofence: ${spec} } }]`)).toEqual([expect.stringMatching(problem)])
  })

  it('tells once of a zone that cannot be used, and of a name given twice', () => {
    expect(problemsOf('zones: { a: { circle: { lat: 0, lon: 0 } } }\nrules: [{ id: r, on: { device: d }, when: { geofence: { zone: a, on: exit } } }]')).toEqual([
      '1:23 zones.a.circle: "radius" is missing; write radius: 50m',
    ].map((text) => expect.stringContaining(text.slice(5))))
    expect(problemsOf('rules: [{ id: r, on: { device: d }, when: { geofence: { zone: a, on: exit } } }]\nzones: { a: { circle: { lat: 0, lon: 0, radius: 1m } } }')).toEqual([])
    expect(problemsOf('zones: { a: { circle: { lat: 0, lon: 0, radius: 1m } } }\n---\nzones: { a: { circle: { lat: 0, lon: 0, radius: 2m } } }')).toEqual([expect.stringMatching(/the zone "a" is there already, at rules.yaml:1; give one of them another name/)])
    expect(problemsOf('zones: [1]')).toEqual([expect.stringMatching(/expected zones by name, found a list/)])
  })
})

describe('distances on the earth', () => {
  it.each([
    // Zurich to Geneva, London to New York; by an independent great-circle calculation on the mean radius.
    [{ lat: 47.3769, lon: 8.5417 }, { lat: 46.2044, lon: 6.1432 }, 224_500, 500],
    [{ lat: 51.5074, lon: -0.1278 }, { lat: 40.7128, lon: -74.006 }, 5_570_200, 1_000],
    [{ lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 }, 111_195, 1],
    [{ lat: 90, lon: 0 }, { lat: -90, lon: 77 }, 20_015_115, 5],
  ])('from %j to %j are %i m', (a, b, metres, within) => {
    expect(Math.abs(greatCircle(a, b) - metres)).toBeLessThanOrEqual(within)
  })

  const centre = fc.record({ lat: fc.double({ min: -60, max: 60, noNaN: true }), lon: fc.double({ min: -180, max: 180, noNaN: true }) })

  it('from the edge of a polygon are those to the nearest of very many points on it, and inside is where the winding says so', () => {
    const angles = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 8 })
    fc.assert(fc.property(centre, angles, fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (middle, parts, north, right) => {
      // A star around the middle: its corners go round once.
      const sum = parts.reduce((a, b) => a + b + 0.3, 0)
      let turn = 0
      const corners = parts.map((part, i) => {
        turn += ((part + 0.3) / sum) * 2 * Math.PI
        const r = 0.005 * (1 + (i % 3))
        return { lat: middle.lat + r * Math.sin(turn), lon: wrap(middle.lon + r * Math.cos(turn)) }
      })
      const position = { lat: middle.lat + north * 0.005, lon: wrap(middle.lon + right * 0.005) }
      const points = corners.flatMap((a, i) => {
        const b = corners[(i + 1) % corners.length]!
        return Array.from({ length: 200 }, (_, k) => ({ lat: a.lat + ((b.lat - a.lat) * k) / 200, lon: wrap(a.lon + (shortest(b.lon - a.lon) * k) / 200) }))
      })
      const nearest = Math.min(...points.map((point) => greatCircle(point, position)))
      const found = distanceOutside({ form: 'polygon', corners })(position)
      expect(Math.abs(Math.abs(found) - nearest)).toBeLessThan(nearest * 0.002 + 12)
      if (nearest > 20) expect(found < 0).toBe(Math.abs(winding(corners, position)) > 3)
    }), { numRuns: 500 })
  })

  it('far away from a polygon are those to its nearest corner', () => {
    const corners = [{ lat: 0, lon: 179.9 }, { lat: 0, lon: -179.9 }, { lat: 0.1, lon: 180 }]
    expect(distanceOutside({ form: 'polygon', corners })({ lat: 0, lon: 0 })).toBeCloseTo(greatCircle({ lat: 0, lon: 179.9 }, { lat: 0, lon: 0 }), -3)
    expect(distanceOutside({ form: 'polygon', corners })({ lat: 0.02, lon: -179.99 })).toBeLessThan(0)
  })
})

const shortest = (degrees: number): number => ((((degrees + 180) % 360) + 360) % 360) - 180
const wrap = shortest

/** How far one turns, seen from the position, going once round. */
function winding(corners: readonly Position[], { lat, lon }: Position): number {
  const angle = (corner: Position): number => Math.atan2(corner.lat - lat, shortest(corner.lon - lon) * Math.cos((lat * Math.PI) / 180))
  return corners.reduce((sum, corner, i) => {
    let turn = angle(corners[(i + 1) % corners.length]!) - angle(corner)
    while (turn > Math.PI) turn -= 2 * Math.PI
    while (turn < -Math.PI) turn += 2 * Math.PI
    return sum + turn
  }, 0)
}
