export function DevicesPage({ id }: { id?: string | undefined }) {
  return <h1>{id ?? 'Devices'}</h1>
}
