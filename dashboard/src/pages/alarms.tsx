export function AlarmsPage({ id }: { id?: string | undefined }) {
  return <h1>{id ?? 'Alarms'}</h1>
}
