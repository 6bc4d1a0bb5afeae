import { connection, session } from '../data/state.ts'
import { ErrorState, Loading } from '../parts/empty.tsx'
import { lazy } from '../parts/lazy.tsx'
import { route } from '../router.ts'
import { AlarmsPage } from './alarms.tsx'
import { Overview } from './overview.tsx'

const DevicesPage = lazy(async () => (await import('./more.ts')).DevicesPage)
const RulesPage = lazy(async () => (await import('./more.ts')).RulesPage)
const HistoryPage = lazy(async () => (await import('./more.ts')).HistoryPage)
const KpiPage = lazy(async () => (await import('./more.ts')).KpiPage)
const SystemPage = lazy(async () => (await import('./more.ts')).SystemPage)

/** The page of the address. */
export function Page() {
  const state = connection.value
  // Before everything was read nothing may look as if nothing were wrong.
  if (session.value === null || state.state === 'loading' || state.state === 'failed') {
    return state.state === 'failed' ? <ErrorState title="Nothing could be read from the gateway" detail={`${state.reason}; trying again every 2 s`} /> : <Loading />
  }
  const [, name = '', ...rest] = route.value.path.split('/')
  const id = rest.length === 0 || rest[0] === '' ? undefined : decoded(rest.join('/'))
  switch (name) {
    case '':
      return <Overview />
    case 'alarms':
      return <AlarmsPage id={id} />
    case 'devices':
      return <DevicesPage id={id} />
    case 'rules':
      return <RulesPage id={id} />
    case 'history':
      return <HistoryPage id={id} />
    case 'kpi':
      return <KpiPage />
    case 'system':
      return <SystemPage />
    default:
      return <ErrorState title="There is no such page" detail={<a href="/">To the overview</a>} />
  }
}

/** A lone % in an address is one that somebody wrote. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
