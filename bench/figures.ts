import { median } from './statistics.ts'

/** One measured number: what, of whom, and every run of it. */
export interface Figure {
  readonly measurement: string
  readonly setting: string
  readonly subject: string
  readonly quantity: string
  readonly unit: string
  readonly runs: readonly number[]
  readonly median: number
}

export interface Sample { readonly setting: string; readonly subject: string; readonly quantity: string; readonly unit: string; readonly value: number }

/** Collects the runs of one measurement; runs of the same name become one figure, in the order of first appearance. */
export interface Notebook {
  note(sample: Sample): void
  figures(): readonly Figure[]
}

export function createNotebook(measurement: string): Notebook {
  const rows = new Map<string, { sample: Sample; runs: number[] }>()
  return {
    note(sample) {
      const key = JSON.stringify([sample.setting, sample.subject, sample.quantity])
      const row = rows.get(key)
      if (row === undefined) rows.set(key, { sample, runs: [sample.value] })
      else row.runs.push(sample.value)
    },
    figures: () => [...rows.values()].map(({ sample, runs }) => ({
      measurement, setting: sample.setting, subject: sample.subject, quantity: sample.quantity, unit: sample.unit, runs, median: median(runs),
    })),
  }
}

/** Median of one figure; undefined if it was not measured. */
export function find(figures: readonly Figure[], wanted: { measurement: string; setting: string; subject: string; quantity: string }): number | undefined {
  return figures.find((figure) => figure.measurement === wanted.measurement && figure.setting === wanted.setting
    && figure.subject === wanted.subject && figure.quantity === wanted.quantity)?.median
}
