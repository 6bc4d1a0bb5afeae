/** What a device may report. `null` is "missing". A boolean is not a number. */
export type Value = number | boolean | string | null

/** `bad`: NaN, an infinity, a wrong type or a unit that does not fit; gives "unknown" in rules. */
export type Quality = 'good' | 'bad'

export type Labels = Readonly<Record<string, string>>

/** One metric of one device, interned: the same object for the same pair as long as the process lives. */
export interface Series {
  /** Dense, from 0; an index for arrays. Changes from one start to the next. */
  readonly id: number
  readonly device: string
  readonly metric: string
  /** The number under which the log stores it, with the labels of the moment; durable; a label edit gives a new one. */
  readonly storedId: number
}

/** One reading as the rules see it. */
export interface Reading {
  readonly series: Series
  readonly value: Value
  readonly quality: Quality
  readonly unit: string | undefined
  /** Event time, whole milliseconds since 1970: the device's own if it gave one, else the time of receipt. */
  readonly ts: number
  /** Did the device give `ts`? */
  readonly tsGiven: boolean
  readonly seq: number | undefined
  /** Wall time of receipt, ms since 1970. */
  readonly receivedAt: number
  /** How many readings of this series already have this very `ts`; with it a point in InfluxDB is unique. */
  readonly k: number
}

/** A reading as it comes back from the log. */
export interface StoredReading {
  readonly position: number
  readonly device: string
  readonly metric: string
  readonly labels: Labels
  readonly value: Value
  readonly quality: Quality
  readonly unit: string | undefined
  readonly ts: number
  readonly tsGiven: boolean
  readonly seq: number | undefined
  readonly receivedAt: number
  readonly k: number
  /** Of the same message as the reading before it in the log. */
  readonly joined?: true
}
