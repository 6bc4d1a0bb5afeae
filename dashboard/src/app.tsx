import { useEffect } from 'preact/hooks'
import { ActingAsDialog } from './alarms/acting-as.tsx'
import { AlarmDialogs } from './alarms/dialogs.tsx'
import { connection, gateway } from './data/state.ts'
import { AlertSpeaker } from './parts/alert-speaker.tsx'
import { ConnectionBanner } from './parts/connection-banner.tsx'
import { Header } from './parts/header.tsx'
import { HelpDialog } from './parts/help-dialog.tsx'
import { KeyboardShortcuts } from './parts/keyboard.tsx'
import { Toasts } from './parts/toasts.tsx'
import { Page } from './pages/page.tsx'
import { isWall } from './router.ts'

/** Frame of every page: banner, navigation, the page, toasts, footer. */
export function App() {
  const wall = isWall.value
  const site = gateway.value?.site
  const away = connection.value.state === 'away'
  useEffect(() => {
    document.documentElement.classList.toggle('away', away)
  }, [away])
  useEffect(() => {
    document.documentElement.classList.toggle('wall', wall)
  }, [wall])
  useEffect(() => {
    document.title = site === undefined ? 'Limen' : `Limen · ${site}`
  }, [site])
  return (
    <>
      <a class="skip" href="#main">Skip to content</a>
      <ConnectionBanner />
      <Header />
      <main id="main" tabIndex={-1}><Page /></main>
      <Footer />
      <Toasts />
      <AlertSpeaker />
      <HelpDialog />
      <AlarmDialogs />
      <ActingAsDialog />
      {!wall && <KeyboardShortcuts />}
    </>
  )
}

function Footer() {
  const version = gateway.value?.version
  return (
    <footer class="footer">
      <span>Not a medical device; not a primary alarm system.</span>
      {version !== undefined && <span>Limen {version}</span>}
    </footer>
  )
}
