import { describe, expect, it } from 'vitest'
import { createIngest } from '../../gateway/ingest/ingest.ts'
import type { NewEvent } from '../../gateway/kernel/event.ts'
import { createMemoryStore } from '../support/memory-store.ts'

type Settings = Readonly<Record<string, unknown>>

function open(settings: Record<string, Settings>) {
  const events: NewEvent[] = []
  const asked: string[] = []
  const ingest = createIngest({ maxSeries: 100 }, {
    store: createMemoryStore(),
    labels: () => ({}),
    settings: (device) => (asked.push(device), settings[device] ?? {}),
    emit: (event) => events.push(event),
  })
  let at = 1_000
  const all = (topic: string, payload: unknown) => ingest.take(ingest.route(topic), Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)), at++)
  const send = (topic: string, payload: unknown) => {
    const { value, quality, unit } = all(topic, payload).messages[0]![0]!
    return [value, unit, quality]
  }
  const counted = () => [...ingest.metrics()].find(({ name }) => name === 'limen_readings_unit_mismatch_total')!.value
  return { ingest, all, send, events, asked, counted }
}

const bed = { metrics: { spo2: { unit: '%' }, 'temp*': { unit: 'Cel' }, weight: { coerce: true }, door: { unit: '1', coerce: true } } }

describe('a metric whose unit is known', () => {
  it.each<[unknown, unknown]>([
    ['36.6', [36.6, 'Cel', 'good']],
    [{ value: 36.6 }, [36.6, 'Cel', 'good']],
    [{ value: 36.6, unit: 'Cel' }, [36.6, 'Cel', 'good']],
    [{ value: 36.6, unit: '°C' }, [36.6, 'Cel', 'good']],
    [{ value: 98.6, unit: '[degF]' }, [37, 'Cel', 'good']],
    [{ value: 98.6, unit: 'F' }, [37, 'Cel', 'good']],
    [{ value: 0, unit: 'K' }, [-273.15, 'Cel', 'good']],
    // What is not a number has nothing to convert.
    [{ value: null, unit: '[degF]' }, [null, 'Cel', 'good']],
    [{ value: 'defect', unit: '[degF]' }, ['defect', 'Cel', 'good']],
    ['NaN', [null, 'Cel', 'bad']],
    // Too large for a double in the other unit.
    [{ value: 1.7e308, unit: 'MCel' }, [null, 'Cel', 'bad']],
    // Cannot become a temperature: the value stays what was sent.
    [{ value: 97, unit: '%' }, [97, '%', 'bad']],
    [{ value: 37, unit: 'celcius' }, [37, 'celcius', 'bad']],
    // Text is text unless it was asked to be more.
    [{ value: '37', unit: 'Cel' }, ['37', 'Cel', 'good']],
  ])('keeps %j as %j', (payload, expected) => {
    expect(open({ 'bed-1': bed }).send('devices/bed-1/temperature', payload)).toEqual(expected)
  })

  it('is converted in posted events, and taken as it is in objects, which have no units', () => {
    const { ingest, send } = open({ 'bed-1': bed })
    expect(ingest.takeData({ device: 'bed-1', metric: 'temperature', value: 98.6, unit: '°F' }, 1).messages[0]![0]).toMatchObject({ value: 37, unit: 'Cel', quality: 'good' })
    expect(send('devices/bed-1', { temperature: 36.6 })).toEqual([36.6, 'Cel', 'good'])
  })

  it('knows a reading that comes twice in the other unit', () => {
    const { all } = open({ 'bed-1': bed })
    const reading = { value: 98.6, unit: '[degF]', seq: 1 }
    expect(all('devices/bed-1/temp', reading)).toMatchObject({ duplicates: 0 })
    expect(all('devices/bed-1/temp', reading)).toMatchObject({ duplicates: 1, messages: [] })
  })

  it('takes units as they come, one after the other', () => {
    const { send } = open({ 'bed-1': bed })
    for (let i = 0; i < 3; i++) {
      expect(send('devices/bed-1/temp', { value: 50, unit: '[degF]' })).toEqual([10, 'Cel', 'good'])
      expect(send('devices/bed-1/temp', { value: 50, unit: '%' })).toEqual([50, '%', 'bad'])
      expect(send('devices/bed-1/temp', { value: 300, unit: 'K' })[0]).toBeCloseTo(26.85, 10)
    }
  })
})

describe('a unit that does not fit', () => {
  it('is counted every time and told once a series, with what to do', () => {
    const { send, events, counted } = open({ 'bed-1': bed, 'bed-2': bed })
    for (let i = 0; i < 50; i++) send('devices/bed-1/temp', { value: i, unit: i % 2 === 0 ? 'celcius' : '%' })
    send('devices/bed-2/temp', { value: 1, unit: '%' })
    expect(counted()).toBe(51)
    expect(events).toEqual([
      {
        type: 'limen.reading.unit-mismatch', subject: 'bed-1',
        data: { device: 'bed-1', metric: 'temp', given: 'celcius', unit: 'Cel', detail: expect.stringContaining('not known'), remedy: expect.stringContaining('did you mean "Cel"?') },
      },
      {
        type: 'limen.reading.unit-mismatch', subject: 'bed-2',
        data: { device: 'bed-2', metric: 'temp', given: '%', unit: 'Cel', detail: expect.stringContaining('cannot become'), remedy: expect.stringContaining('settings.metrics of bed-2') },
      },
    ])
  })

  it('is told again after the device was edited', () => {
    const { ingest, send, events } = open({ 'bed-1': bed })
    send('devices/bed-1/temp', { value: 1, unit: '%' })
    ingest.relabel('bed-1')
    send('devices/bed-1/temp', { value: 2, unit: '%' })
    expect(events).toHaveLength(2)
  })
})

describe('numeric text', () => {
  it.each<[string, unknown, unknown]>([
    ['weight', '"81.5"', 81.5], ['weight', { value: ' -4e1 ' }, -40], ['weight', { value: '81,5' }, '81,5'], ['weight', { value: '' }, ''], ['weight', { value: '0x10' }, '0x10'], ['weight', { value: 'ON' }, true],
    ['spo2', '"97"', '97'], ['other', '"97"', '97'],
  ])('of %s: %j is %j', (metric, payload, value) => {
    expect(open({ 'bed-1': bed }).send(`devices/bed-1/${metric}`, payload)[0]).toBe(value)
  })

  it('that is no finite number has bad quality', () => {
    expect(open({ 'bed-1': bed }).send('devices/bed-1/weight', { value: '1e999', unit: 'kg' })).toEqual([null, 'kg', 'bad'])
  })

  it('has a unit like any number', () => {
    expect(open({ 'bed-1': bed }).send('devices/bed-1/door', { value: '50', unit: '%' })).toEqual([0.5, '1', 'good'])
  })
})

describe('a metric without settings', () => {
  it('keeps the unit that was given, whatever it is', () => {
    const { send, counted, events } = open({ 'bed-1': bed, 'bed-2': { metrics: 'nonsense of an older version' } })
    expect(send('devices/bed-1/hr', { value: 72, unit: 'bpm' })).toEqual([72, 'bpm', 'good'])
    expect(send('devices/bed-1/hr', { value: 72, unit: 'furlong' })).toEqual([72, 'furlong', 'good'])
    expect(send('devices/bed-1/hr', '72')).toEqual([72, undefined, 'good'])
    expect(send('devices/bed-2/hr', { value: 72, unit: 'bpm' })).toEqual([72, 'bpm', 'good'])
    expect([counted(), events]).toEqual([0, []])
  })

  it('costs one look at the settings a series, until the device is edited', () => {
    const settings: Record<string, Settings> = {}
    const { ingest, send, asked } = open(settings)
    for (let i = 0; i < 10; i++) send('devices/bed-1/hr', { value: i, unit: '/min' })
    for (let i = 0; i < 10; i++) send('devices/bed-2/hr', { value: i, unit: '/min' })
    expect(asked).toEqual(['bed-1', 'bed-2'])
    settings['bed-1'] = { metrics: { hr: { unit: 'Hz' } } }
    expect(send('devices/bed-1/hr', { value: 60, unit: '/min' })).toEqual([60, '/min', 'good'])
    ingest.relabel('bed-1')
    expect(send('devices/bed-1/hr', { value: 60, unit: '/min' })).toEqual([1, 'Hz', 'good'])
    expect(asked).toEqual(['bed-1', 'bed-2', 'bed-1'])
  })
})
