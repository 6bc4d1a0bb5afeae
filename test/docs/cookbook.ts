/** The data behind the analyst's cookbook, and what each of its questions must be answered with. */
import { expect } from 'vitest'
import type { MqttClient } from 'mqtt'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

export type Row = Readonly<Record<string, unknown>>
export interface Story {
  /** The last full hour, ms since 1970. */
  readonly end: number
  readonly messages: readonly { readonly topic: string; readonly payload: string }[]
  readonly readings: number
}

/** Three beds over the last three full hours, a meter and a door over the last three full days, a cold room over two hours. */
export function createStory(now: number): Story {
  const end = Math.floor(now / hour) * hour
  const today = Math.floor(now / day) * day
  const beds = Array.from({ length: 180 }, (_, i) => {
    const ts = end - 3 * hour + i * minute
    const racing = i >= 140 && i < 150
    return [
      { device: 'bed-1', ts, heart_rate: racing ? 130 : 70 + (i % 10), spo2: racing ? 91 : 97 },
      // Nothing from the 70th to the 94th minute.
      ...(i >= 70 && i < 95 ? [] : [{ device: 'bed-2', ts, heart_rate: 80 }]),
      // Silent for the last hour and a half.
      ...(i >= 90 ? [] : [{ device: 'bed-3', ts, heart_rate: 90 }]),
    ]
  }).flat()
  const meter = [3, 2, 1].flatMap((ago) => [0, 1].map((half) => ({ device: 'meter-main', ts: today - ago * day + 10 * minute + half * 23 * hour, energy: 100 + (3 - ago) * 12 + half * 5 })))
  const door = [2, 1].flatMap((ago) => Array.from({ length: ago * 2 }, (_, i) => ({ device: 'door-front', ts: today - ago * day + (i + 1) * hour, contact: i % 2 === 0 ? 'open' : 'closed' })))
  const room = Array.from({ length: 120 }, (_, i) => ({ device: 'cold-room', ts: end - 2 * hour + i * minute, temperature: 4 + Math.floor(i / 15) * 0.5 }))
  const all = [...beds, ...meter, ...door, ...room]
  const byDevice = Map.groupBy(all, ({ device }) => device)
  const messages = [...byDevice].map(([device, items]) => ({ topic: `devices/${device}`, payload: JSON.stringify(items.map((item) => ({ ...item, device: undefined }))) }))
  return { end, messages, readings: all.reduce((sum, item) => sum + Object.keys(item).length - 2, 0) }
}

export async function tell(story: Story, client: MqttClient): Promise<void> {
  for (const { topic, payload } of story.messages) await client.publishAsync(topic, payload, { qos: 1 })
}

const numbers = (rows: readonly Row[], key: string): readonly unknown[] => rows.map((row) => row[key])
const byDevice = (rows: readonly Row[], key: string): Readonly<Record<string, unknown>> => Object.fromEntries(rows.map((row) => [row['device'], row[key]]))

/** By heading. `rows` are those of the last statement of the InfluxQL block. */
export const answers: Readonly<Record<string, (rows: readonly Row[], story: Story) => void>> = {
  'Which devices are there?': (rows) => expect(numbers(rows, 'value')).toEqual(['bed-1', 'bed-2', 'bed-3', 'cold-room', 'door-front', 'meter-main']),
  'What is the last value of each device?': (rows) => expect(byDevice(rows, 'last')).toEqual({ 'bed-1': 79, 'bed-2': 80, 'bed-3': 90 }),
  'Who is silent for more than half an hour?'(rows, { end }) {
    const silent = rows.filter(({ time }) => Date.parse(String(time)) >= end - 1.5 * hour && Date.parse(String(time)) < end).map(({ device }) => device)
    expect(silent).toEqual(['bed-3', 'bed-3', 'bed-3'])
  },
  'When was each device first heard of?': (rows, { end }) => expect(rows.map(({ device, time }) => [device, time])).toEqual(['bed-1', 'bed-2', 'bed-3'].map((device) => [device, iso(end - 3 * hour)])),
  'What are mean and 95th percentile of each hour?'(rows, { end }) {
    // Ten of the last hour's sixty minutes are 130, which is more than 5 %.
    expect(rows.map(({ time, mean, percentile }) => [time, mean, percentile])).toEqual([
      [iso(end - 3 * hour), 74.5, 79], [iso(end - 2 * hour), 74.5, 79], [iso(end - hour), (50 * 74.5 + 10 * 130) / 60, 130],
    ])
  },
  'Where are gaps longer than ten minutes?': (rows, { end }) => expect(rows.filter(({ device }) => device === 'bed-2')).toMatchObject([{ time: iso(end - 3 * hour + 95 * minute), gap: 26 }]),
  'For how many minutes was the pulse above 120?': (rows) => expect(byDevice(rows, 'count')).toEqual({ 'bed-1': 10 }),
  'Does saturation fall when the pulse rises?'(rows) {
    expect(rows).toHaveLength(36)
    expect(rows.filter(({ pulse }) => pulse === 130)).toMatchObject([{ spo2: 91 }, { spo2: 91 }])
    expect(rows.filter(({ spo2 }) => spo2 === 97)).toHaveLength(34)
  },
  'How many readings came each day?': (rows) => expect(numbers(rows, 'count').filter((count) => count !== 0)).toEqual([2, 2, 2]),
  'How do the wards compare?': (rows) => expect(rows.map(({ ward, max }) => [ward, max])).toEqual([['east', 130], ['west', 90]]),
  'What were the five worst values, and where?': (rows) => expect(rows.map(({ bottom, device }) => [bottom, device])).toEqual(Array.from({ length: 5 }, () => [91, 'bed-1'])),
  'How much energy did the house use each day?': (rows) => expect(numbers(rows, 'kwh')).toEqual([12, 12]),
  'How fast does the cold room warm up?': (rows) => expect(numbers(rows, 'per_hour')).toEqual(Array.from({ length: 7 }, () => 2)),
  'How often was the door opened each day?': (rows) => expect(numbers(rows, 'count')).toEqual([2, 1]),
  // bed-1 two metrics over three hours, bed-2 three, bed-3 two, the cold room two, the meter six.
  'How do I keep hourly values for years?': (rows) => expect(numbers(rows, 'written')).toEqual([19]),
  'Is it really all there?': (rows) => expect(numbers(rows, 'count')).toEqual([180]),
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z')
