import '../style/devices.css'
import '../style/system.css'
import { SystemOverview } from '../system/system-overview.tsx'

export function SystemPage() {
  return <SystemOverview />
}
