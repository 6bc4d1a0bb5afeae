import { render } from 'preact'
import './style/tokens.css'
import './style/base.css'
import './style/layout.css'
import './style/parts.css'
import './style/alarms.css'
import './style/overview.css'
import { App } from './app.tsx'
import { startSync } from './data/sync.ts'
import { fetchRest } from './parts/lazy.tsx'
import { followLinks } from './router.ts'

document.addEventListener('click', followLinks)
const root = document.querySelector('#app')!
root.replaceChildren()
render(<App />, root)
void startSync().then(fetchRest)
