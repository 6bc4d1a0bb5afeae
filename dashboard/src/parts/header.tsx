import { ActingAs } from '../alarms/acting-as.tsx'
import { now } from '../data/clock.ts'
import { connection, counts, gateway, session } from '../data/state.ts'
import { isWall, route } from '../router.ts'
import { timeOfDay } from './format.ts'
import { helpOpen } from './help-dialog.tsx'
import { PriorityMark } from './priority-mark.tsx'

const pages = [['/', 'Overview'], ['/alarms', 'Alarms'], ['/devices', 'Devices'], ['/rules', 'Rules'], ['/history', 'History'], ['/kpi', 'KPI'], ['/system', 'System']] as const

/** Site, pages with the counts that are always shown, the gateway's clock. */
export function Header() {
  const { path } = route.value
  return (
    <header class="header">
      <a class="brand" href="/">Limen <span class="site">{gateway.value?.site ?? ''}</span></a>
      {!isWall.value && (
        <nav class="nav" aria-label="Pages">
          {pages.map(([to, name]) => {
            const current = to === '/' ? path === '/' : path.startsWith(to)
            return (
              <a key={to} href={to} {...(current ? { 'aria-current': 'page' as const } : {})}>
                {name}{to === '/alarms' && <AlarmCounts />}
              </a>
            )
          })}
        </nav>
      )}
      <div class="header-end">
        <Clock />
        {!isWall.value && <ActingAs />}
        {!isWall.value && <button type="button" class="quiet help-button" aria-label="Help" onClick={() => (helpOpen.value = true)}>?</button>}
        {!isWall.value && session.value?.via === 'cookie' && (
          <form method="post" action="/logout"><button class="quiet">Log out {session.value.name}</button></form>
        )}
      </div>
    </header>
  )
}

const priorities = ['high', 'medium', 'low'] as const

function AlarmCounts() {
  return (
    <span class="nav-counts">
      {priorities.map((priority) => {
        const number = counts.value[priority]
        return number > 0 && <span key={priority} class="nav-count"><PriorityMark priority={priority} label={`${priority} priority`} />{number > 999 ? '999+' : number}</span>
      })}
    </span>
  )
}

function Clock() {
  if (now.value === 0) return null
  const away = connection.value.state === 'away'
  return <time class="clock" title={away ? 'the time at which the gateway was last heard' : 'the clock of the gateway'}>{away ? 'as of ' : ''}{timeOfDay(now.value)}</time>
}
