import type { Reading, Value } from '../../kernel/reading.ts'
import type { CellView, JointCondition, Kind, Shown, Stood } from '../kind.ts'
import { plainLevels } from '../kind.ts'
import type { GeofenceSpec } from './geofence.schema.ts'
import { distanceOutside } from './geometry.ts'
import type { Panel } from './panel.ts'
import { createPanelKeeper, truthOfSignal, yes } from './panel.ts'

/** Where a device is. */
interface Place {
  /** Null: not yet certain. */
  inside: boolean | null
  /** Fixes in a row that say so, where that is not what is certain. */
  saying: boolean
  fixes: number
  /** The last fix taken: how far outside, m; negative: inside. */
  outsideM: number
}

interface GeofenceMemory {
  /** Of each device the latitude of its last fix: whether that still stands. */
  readonly panel: Panel
  readonly places: Map<string, Place>
  /** Of the message being taken; empty between messages. */
  readonly parts: Map<string, { lat?: Reading; lon?: Reading; accuracy?: Reading }>
}

const parts = ['lat', 'lon', 'accuracy'] as const

/** So many fixes in a row inside, or outside by more than the buffer. In between nothing changes. */
export const geofence: Kind = {
  name: 'geofence',
  compile(rule): JointCondition<GeofenceMemory> {
    const { zone, on, bufferM, maxAccuracyM = Infinity, fixes, maxAgeMs, metrics } = rule.when.spec as GeofenceSpec
    const outside = distanceOutside(zone)
    const signals = parts.map((part) => ({ on: { metric: metrics[part] }, elsewhere: false }))
    let places: GeofenceMemory['places'] = new Map()
    const keeper = createPanelKeeper(rule, {
      signals: signals.slice(0, 1),
      maxAgeMs,
      truthOf({ slot }) {
        const inside = places.get(slot.device)?.inside ?? null
        return inside === null ? undefined : inside === (on === 'enter')
      },
    })

    function fix(memory: GeofenceMemory, device: string, outsideM: number): void {
      const place = memory.places.get(device) ?? { inside: null, saying: false, fixes: 0, outsideM }
      memory.places.set(device, place)
      place.outsideM = outsideM
      const inside = outsideM <= 0
      // Neither inside nor outside, or nothing new: what was counted for the other side is over.
      if ((!inside && outsideM <= bufferM) || inside === place.inside) {
        place.fixes = 0
        return
      }
      place.fixes = place.saying === inside ? place.fixes + 1 : 1
      place.saying = inside
      if (place.fixes < fixes) return
      place.inside = inside
      place.fixes = 0
    }

    function takeMessage(memory: GeofenceMemory, at: number): void {
      for (const [device, { lat, lon, accuracy }] of memory.parts) {
        // Half a position is none.
        if (lat === undefined || lon === undefined) continue
        const [north, east] = [degrees(lat, 90), degrees(lon, 180)]
        if (north === undefined || east === undefined) {
          keeper.put(memory.panel, { ...lat, quality: 'bad' }, { signal: 0, at })
          continue
        }
        if (accuracy !== undefined && !(isNumber(accuracy.value) && accuracy.quality === 'good' && accuracy.value <= maxAccuracyM)) continue
        fix(memory, device, outside({ lat: north, lon: east }))
        keeper.put(memory.panel, lat, { signal: 0, at })
      }
      memory.parts.clear()
    }

    return {
      ...plainLevels,
      form: 'joint',
      order: 'newest',
      signals,
      events: [],
      create: () => ({ panel: keeper.create(), places: new Map(), parts: new Map() }),
      save: (memory) => ({ panel: keeper.save(memory.panel), places: [...memory.places].sort(([a], [b]) => (a < b ? -1 : 1)) }),
      load(saved) {
        const { panel, places: kept } = saved as { panel: unknown; places: [string, Place][] }
        return { panel: keeper.load(panel), places: new Map(kept), parts: new Map() }
      },
      // oxlint-disable-next-line max-params -- called for every reading: no object is made for it.
      take(reading, signal, { memory }) {
        const { device } = reading.series
        const known = memory.parts.get(device) ?? {}
        known[parts[signal]!] = reading
        memory.parts.set(device, known)
      },
      judge(cell, moment, around) {
        const { memory } = cell
        places = memory.places
        takeMessage(memory, moment.at)
        cell.deadline = keeper.refresh(memory.panel, { key: cell.key, moment, around })
        return truthOfSignal(memory.panel, 0)
      },
      ...(keeper.age === undefined ? {} : { age: ({ panel }: GeofenceMemory, byMs: number) => keeper.age!(panel, byMs) }),
      ...(keeper.renew === undefined ? {} : { renew: ({ panel }: GeofenceMemory, at: number, stood: Stood) => keeper.renew!(panel, at, stood) }),
      forget: ({ places: known }, device) => void known.delete(device),
      limitOf: () => null,
      shown,
    }
  },
}

/** Of the devices for which it holds the first, else of any: `12 m outside`. */
function shown({ memory: { panel, places } }: CellView<GeofenceMemory>): Shown | undefined {
  const devices = [...panel.operands[0]!.values()].sort((a, b) => b.truth - a.truth || (a.slot.device < b.slot.device ? -1 : 1))
  const place = places.get(devices[0]?.slot.device ?? '')
  if (place === undefined) return undefined
  const metres = Math.round(place.outsideM * 10) / 10
  const which = devices[0]!.truth === yes && devices.length > 1 ? `${devices[0]!.slot.device} ` : ''
  return { value: metres, unit: 'm', text: `${which}${Math.abs(metres)} m ${metres > 0 ? 'outside' : 'inside'}` }
}

function degrees({ value, quality }: Reading, most: number): number | undefined {
  return quality === 'good' && isNumber(value) && Math.abs(value) <= most ? value : undefined
}

function isNumber(value: Value): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}
