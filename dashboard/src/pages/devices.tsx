import '../style/devices.css'
import { DevicePage } from '../devices/device-page.tsx'
import { DevicesOverview } from '../devices/devices-overview.tsx'

export function DevicesPage({ id }: { id?: string | undefined }) {
  return id === undefined ? <DevicesOverview /> : <DevicePage key={id} id={id} />
}
