import { describe, expect, it } from 'vitest'
import { answers } from './cookbook.ts'
import { faultsOfFlux } from './flux.ts'
import { readPages } from './markdown.ts'

const { blocks } = (await readPages()).find(({ file }) => file === 'docs/analyst.md')!
const inLanguage = (language: string) => blocks.filter((block) => block.language === language)

describe("the analyst's cookbook", () => {
  it('answers at least a dozen questions, each in InfluxQL and in Flux, and each answer is tested', () => {
    const questions = inLanguage('sql').map(({ heading }) => heading)
    expect(questions.length).toBeGreaterThanOrEqual(12)
    expect(inLanguage('flux').map(({ heading }) => heading)).toEqual(questions)
    expect(Object.keys(answers)).toEqual(questions)
  })

  it.each(inLanguage('flux'))('has Flux that is whole and names what exists: $heading', ({ text }) => {
    expect(faultsOfFlux(text)).toEqual([])
  })

  it.each([
    ['from(bucket: "readings") |> range(start: -1d) |> maen()', 'there is no function maen'],
    ['from(bucket: "readings") |> range(start: -1d', 'a ) is missing'],
    ['from(bucket: "readings") |> filter(fn: (r) => r.device == "a")', 'from without range, which InfluxDB refuses'],
    ['from(bucket: "readings") |> range(start: date.sub(d: 1h, from: now()))', 'date.sub without import of its package'],
    ['from(bucket: "readings") |> range(start: -1d) |> filter(fn: (r) => r.devise == "a")', 'a row has no devise'],
    ['from(bucket: "reading") |> range(start: -1d)', 'there is no bucket reading'],
    ['from(bucket: "readings) |> range(start: -1d)', 'a quote that is not closed'],
  ])('would not pass: %s', (query, fault) => {
    expect(faultsOfFlux(query)).toContain(fault)
  })
})
