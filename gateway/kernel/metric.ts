/** One sample in Prometheus' terms; names begin `limen_`, counters end `_total`, units are seconds and bytes. */
export interface MetricSample {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly value: number
  readonly labels?: Readonly<Record<string, string>>
}

/** Asked when somebody scrapes; rooms keep plain numbers until then. */
export type MetricSource = () => Iterable<MetricSample>
